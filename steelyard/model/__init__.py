"""Integer-exact twins of the contracts; standard library only."""
