"""Engine 2: replays in floats, of many tokens over many paths at once.

`steelyard.replay.comparing` holds it against the bytecode. What the factory would refuse it takes
all the same, but for a deposit over the token's cap: narrow bands, for one, can be tried here.

Example:
    >>> from steelyard.replay import from_prices, make_settings
    >>> path = from_prices([100, 110, 100])
    >>> replays = play([make_settings(token).without_costs() for token in ("3L", "2S")], path)
    >>> [round(replays.result(number).total_return, 6) for number in range(2)]
    [0.0, 0.0]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from steelyard.replay.path import Floats, Ints, Path
from steelyard.replay.result import Result
from steelyard.replay.settings import Settings
from steelyard.replay.vector.figures import Figures, figures_of
from steelyard.replay.vector.outcome import Outcome
from steelyard.replay.vector.player import Player


class Replays:
    """Many tokens, replayed; by number in the order in which they were given."""

    def __init__(self, outcomes: Sequence[Outcome], where: Sequence[tuple[int, int]]) -> None:
        """Take what players have played.

        Args:
            outcomes: Of each group of tokens.
            where: Group of each token, and its number there.
        """
        self._outcomes, self._where = tuple(outcomes), tuple(where)

    def __len__(self) -> int:
        """Return how many tokens there are."""
        return len(self._where)

    def result(self, number: int) -> Result:
        """Return the whole result of a token."""
        group, token = self._where[number]
        return self._outcomes[group].result(token)

    def nav(self, number: int) -> Floats:
        """Return the net asset value of a token's share at every row, quote, shape (rows,)."""
        group, token = self._where[number]
        course = self._outcomes[group].course(token)
        return course.equity / course.shares

    def figures(self, number: int) -> Figures:
        """Return the few figures of a token that sweeps compare."""
        group, token = self._where[number]
        return figures_of(self._outcomes[group], token)

    def ended(self) -> Ints:
        """Return the row of each token's end, int64, shape (tokens,); -1 = it lives."""
        rows = [self._outcomes[group].player.ended[token] for group, token in self._where]
        return np.array(rows, dtype=np.int64)

    def liquidated(self) -> Ints:
        """Return the row of each token's first liquidation, int64, shape (tokens,); -1 = none."""
        rows = [self._outcomes[group].liquidated(token) for group, token in self._where]
        return np.array(rows, dtype=np.int64)


def play(
    settings: Sequence[Settings],
    paths: Path | Sequence[Path],
    progress: Callable[[int], None] | None = None,
) -> Replays:
    """Replay many tokens.

    Args:
        settings: Of each token.
        paths: One for all of them, or one for each; of one length and step.
        progress: Called with the number of bars done, of all tokens together, now and then.

    Raises:
        PathError: The paths differ in length or step.
        SettingsError: A deposit is over its token's cap.
    """
    each = [paths] * len(settings) if isinstance(paths, Path) else list(paths)
    groups: dict[tuple[bool, bool], list[int]] = {}
    for number, one in enumerate(settings):
        groups.setdefault((one.is_own, one.venue.own_funding), []).append(number)
    where = [(0, 0)] * len(settings)
    outcomes: list[Outcome] = []
    done = 0
    for members in groups.values():
        known = {id(each[number]): each[number] for number in members}
        index = {key: place for place, key in enumerate(known)}
        numbers = [index[id(each[number])] for number in members]
        player = Player([settings[number] for number in members], list(known.values()), numbers)
        before = done
        player.play(None if progress is None else lambda bars: progress(before + bars))  # noqa: B023
        done += len(members) * player.series.bars
        if progress is not None:
            progress(done)
        for place, number in enumerate(members):
            where[number] = len(outcomes), place
        outcomes.append(Outcome(player))
    return Replays(outcomes, where)


__all__ = ["Figures", "Replays", "play"]
