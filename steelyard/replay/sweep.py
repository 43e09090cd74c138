"""Which band, fee, delay and leverage? Every point of a grid replayed, in one table.

Points are played by the engine in floats, a share of them by each process; or by a Dask cluster
where its address is given (the extra `dask`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from importlib import import_module
from itertools import product
from multiprocessing import get_context
from typing import Any

import numpy as np
import pandas as pd

from steelyard.errors import SteelyardError
from steelyard.model.policy import Rules
from steelyard.replay import theory
from steelyard.replay.path import YEAR, Path
from steelyard.replay.rules import STEELYARD, Kind, Rule, RuleError, Steelyard, make_rule
from steelyard.replay.settings import Keeper, Settings, Venue
from steelyard.replay.vector import Figures, play

EMERGENCY = 1.25
"""Emergency leverage over the upper edge of a band that is swept."""
_UNIT = 10**14
_WORTH_A_PROCESS = 20_000_000
_PARTS = 4


class SweepError(SteelyardError):
    """A sweep that cannot be played."""


@dataclass(frozen=True)
class Grid:
    """What is varied; every combination is a point.

    Attributes:
        leverages: Targets, above 0.
        sides: `L`, `S`.
        rules: Names, see `steelyard.replay.rules.make_rule`.
        bands: Half the width of the band over the target: 1/3 of a 3x is [2, 4]. None = the
            rule's own.
        fees: Of the venue, maker and taker alike, fractions of notional. None = the venue's own.
        delays: Of the keeper, bars.
        misses: Probabilities that the keeper misses a bar.
        venue: What else it charges.
        deposit: Quote.
        management_fee: Per year, a fraction. None = the rule's own.
    """

    leverages: Sequence[float] = (3.0,)
    sides: Sequence[str] = ("L",)
    rules: Sequence[str] = (STEELYARD,)
    bands: Sequence[float | None] = (None,)
    fees: Sequence[float | None] = (None,)
    delays: Sequence[int] = (0,)
    misses: Sequence[float] = (0.0,)
    venue: Venue = field(default_factory=Venue)
    deposit: float = 100_000.0
    management_fee: float | None = None

    def points(self) -> list[Settings]:
        """Return the settings of all points, the last attribute varied first.

        Raises:
            RuleError: There is no such rule, side or band.
        """
        axes = (self.leverages, self.sides, self.rules, self.bands, self.fees, self.delays)
        return [self._point(*point) for point in product(*axes, self.misses)]

    def _point(
        self,
        leverage: float,
        side: str,
        name: str,
        band: float | None,
        fee: float | None,
        delay: int,
        miss: float,
    ) -> Settings:
        """Return the settings of a point."""
        if side not in ("L", "S"):
            raise RuleError(f"{side!r} is no side", "write L or S")
        kind = Kind(leverage, side == "L")
        rule = make_rule(name, kind)
        venue = self.venue
        return Settings(
            kind,
            rule if band is None else with_band(rule, band),
            venue if fee is None else replace(venue, maker_fee=fee, taker_fee=fee),
            Keeper(delay, miss),
            self.deposit,
            management_fee=self.management_fee,
        )


def with_band(rule: Rule, band: float) -> Rule:
    """Return a rule with another band, T (1 +- band).

    Args:
        rule: Which.
        band: Half its width over the target, in (0, 1).

    Raises:
        RuleError: It is no band.

    >>> rule = with_band(make_rule("bybit", Kind(3.0, True)), 0.2)
    >>> round(rule.lower, 9), round(rule.upper, 9)
    (2.4, 3.6)
    """
    if not 0 < band < 1:
        raise RuleError(f"a band of {band:g} of the target", "give a fraction between 0 and 1")
    lower, upper = rule.target * (1 - band), rule.target * (1 + band)
    if not isinstance(rule, Steelyard):
        return replace(rule, lower=lower, upper=upper)
    edges = (round(edge * 10_000) * _UNIT for edge in (lower, upper, upper * EMERGENCY))
    return replace(rule, rules=_with_edges(rule.rules, *edges))


def sweep(
    path: Path,
    grid: Grid | Sequence[Settings],
    *,
    processes: int | None = None,
    dask: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Replay every point of a grid over a path.

    Args:
        path: What to play.
        grid: Its points, or their settings.
        processes: At most so many; None = as many as there are cores, and as are worth it.
        dask: Address of a Dask scheduler; None = none.
        progress: Called with the points done, and of how many.

    Returns:
        A row for each point, in order. What it is: leverage, side, rule, band (half the width over
        the target), lower, upper (leverage), fee (the taker's, a fraction), delay (bars), miss.
        What came of it: the fields of `Figures`, trades_per_year, cost_per_year (a fraction). What
        theory expects for the path's volatility: expected_trades and expected_cost a year.

    Raises:
        SettingsError: A point cannot be played.
        SweepError: Dask is not installed.
    """
    points = grid.points() if isinstance(grid, Grid) else list(grid)
    if not points:
        raise SweepError("a grid without points", "give every axis a value")
    found: list[Figures | None] = [None] * len(points)
    done = 0
    parts = _parts(len(points), _workers(path, len(points), processes))
    played = _on_cluster(dask, path, points) if dask else _here(path, points, parts)
    for start, figures in played:
        found[start : start + len(figures)] = figures
        done += len(figures)
        if progress is not None:
            progress(done, len(points))
    return _table(path, points, [each for each in found if each is not None])


def _workers(path: Path, points: int, processes: int | None) -> int:
    """Return how many processes are worth their start."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if processes is not None:
        return max(1, min(processes, points))
    return max(1, min(cores or 1, len(path) * points // _WORTH_A_PROCESS))


def _parts(points: int, workers: int) -> list[slice]:
    """Return consecutive points that are played together, a few parts for each worker."""
    count = 1 if workers == 1 else min(points, workers * _PARTS)
    edges = np.linspace(0, points, count + 1).astype(int).tolist()
    return [slice(start, end) for start, end in zip(edges, edges[1:], strict=False)]


def play_part(path: Path, points: Sequence[Settings]) -> list[Figures]:
    """Return the figures of some points; what a worker does.

    Args:
        path: What to play.
        points: To whom.
    """
    replays = play(points, path)
    return [replays.figures(number) for number in range(len(points))]


def _here(
    path: Path, points: list[Settings], parts: list[slice]
) -> Iterator[tuple[int, list[Figures]]]:
    """Yield the first point and the figures of each part, by processes of this machine."""
    if len(parts) == 1:
        yield 0, play_part(path, points)
        return
    workers = -(-len(parts) // _PARTS)
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        tasks = {pool.submit(play_part, path, points[part]): part.start for part in parts}
        for task in as_completed(tasks):
            yield tasks[task], task.result()


def _on_cluster(
    address: str, path: Path, points: list[Settings]
) -> Iterator[tuple[int, list[Figures]]]:
    """Yield the first point and the figures of each part, by the workers of a cluster."""
    try:
        distributed: Any = import_module("distributed")
    except ImportError as error:
        raise SweepError("Dask is not installed", "pip install 'steelyard[dask]'") from error
    with distributed.Client(address, set_as_default=False) as client:
        workers = max(1, len(client.scheduler_info()["workers"]))
        everywhere = client.scatter(path, broadcast=True)
        tasks = {
            client.submit(play_part, everywhere, points[part], pure=False): part.start
            for part in _parts(len(points), max(2, workers))
        }
        for task in distributed.as_completed(tasks, loop=client.loop):
            yield tasks[task], task.result()


def _table(path: Path, points: list[Settings], found: list[Figures]) -> pd.DataFrame:
    """Return the table of a sweep."""
    volatility = float(np.std(np.diff(np.log(path.marks))) * np.sqrt(YEAR / path.step))
    rows = []
    for point, figures in zip(points, found, strict=True):
        lived = path.years if figures.ended_at < 0 else path.years * figures.ended_at / len(path)
        rows.append(
            _shown(point)
            | asdict(figures)
            | {
                "trades_per_year": figures.rebalances / lived if lived else 0.0,
                "cost_per_year": figures.cost / lived if lived else 0.0,
            }
            | _expected(point, volatility)
        )
    return pd.DataFrame(rows)


def _shown(point: Settings) -> dict[str, Any]:
    """Return what a point is."""
    rule = point.rule
    return {
        "leverage": point.kind.target,
        "side": "L" if point.kind.is_long else "S",
        "rule": rule.name,
        "band": (rule.upper - rule.lower) / 2 / rule.target,
        "lower": rule.lower,
        "upper": rule.upper,
        "fee": point.venue.taker_fee,
        "delay": point.keeper.delay,
        "miss": point.keeper.miss,
    }


def _expected(point: Settings, volatility: float) -> dict[str, float]:
    """Return what theory expects of a band; nan where the rule has none."""
    rule, factor = point.rule, point.kind.factor
    half = (rule.upper - rule.lower) / 2
    if not np.isfinite(half) or half <= 0:
        return {"expected_trades": np.nan, "expected_cost": np.nan}
    fee = (point.venue.maker_fee + point.venue.taker_fee) / 2
    return {
        "expected_trades": theory.trades_per_year(factor, half, volatility),
        "expected_cost": theory.cost_per_year(factor, half, volatility, fee),
    }


def _with_edges(rules: Rules, lower: int, upper: int, emergency: int) -> Rules:
    """Return rules with another band, leverage WAD."""
    return replace(rules, leverage_lo=lower, leverage_hi=upper, emergency_leverage=emergency)
