"""What `ape run wallet` shows and asks; knows nothing of ape."""
