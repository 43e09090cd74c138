"""Engine 1: the deployed bytecode, bar by bar.

What happens in a bar, in this order:

1.  The open is shown to the market, at the bar's start. What price and time have done since the
    last row is booked: price, funding, management fee.
2.  Funding is booked at the venue in the bars of `Path.settlements`, at the open; from then on the
    bar's rate holds. In between it accrues at the price of whoever looks, as the venue has it.
3.  An account at or below its maintenance margin is liquidated. Then holders enter and leave.
4.  The keeper looks, at the open and as late as `Keeper` says. What the rule lets him trade he
    trades, chunk after chunk as its cooldown allows, and at a daily boundary inside the bar, all
    at the open's price: he knows no later one. The row is written.
5.  The adverse extreme, low for a long and high for a short, comes a third into the bar, or when
    the keeper is done. It is played where it could liquidate the account, else nothing could
    happen. The other extreme hurts nobody and calls nobody.
6.  The close is the next open; the last close is a row of its own, in which nothing is traded.

A way to the next bar that is longer than a bar is downtime: no price, no keeper; funding accrues.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from steelyard.evm import Revert
from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.policy import Obstacle, Trigger
from steelyard.model.policy.case import MIN_EQUITY
from steelyard.replay.books import Books
from steelyard.replay.path import PRICE_STEP, Path
from steelyard.replay.result import Result
from steelyard.replay.rules import Preset, aim, is_due, period
from steelyard.replay.settings import Settings
from steelyard.replay.stage import Stage, Status

SEGMENT = 1_500
"""Transactions after which the state is carried to a new machine."""
_EXTREME = 3
_PROGRESS = 1_000
_BLOCK = 1_000
_WIPED = WAD
_NOTHING, _CLEAR, _COOLDOWN = int(Trigger.NOTHING), int(Obstacle.CLEAR), int(Obstacle.COOLDOWN)


def replay(
    path: Path,
    settings: Settings,
    *,
    segment: int = SEGMENT,
    progress: Callable[[int], None] | None = None,
) -> Result:
    """Play a path to one token on the deployed bytecode.

    Args:
        path: What to play.
        settings: To whom.
        segment: Transactions after which the state is carried to a new machine; changes nothing
            but memory and time.
        progress: Called with the number of bars done, now and then.

    Raises:
        SettingsError: The contracts refuse the settings.

    Example:
        >>> from steelyard.replay.path import from_prices
        >>> from steelyard.replay.settings import make_settings
        >>> path = from_prices([100, 110, 100])
        >>> result = replay(path, make_settings("3L", "daily").without_costs())
        >>> round(result.total_return, 6)
        -0.054545
    """
    return _Player(path, settings).play(segment, progress)


class _Player:
    """One replay."""

    def __init__(self, path: Path, settings: Settings) -> None:
        """Deploy, and open the position."""
        self.path, self.settings = path, settings
        self.stage = Stage(path, settings)
        if not settings.venue.own_funding:
            self.stage.settle(int(path.funding[0]))
        if isinstance(settings.rule, Preset):
            self._open_at_target()
        self.books = Books(path, settings, self.stage.account(), self.stage.shares())
        self.keeper = _OwnKeeper(self) if settings.is_own else _PresetKeeper(self)
        self.flows = list(settings.flows)
        self.least = max(
            MIN_EQUITY, 2 * self.stage.config.min_margin, 10 * self.stage.config.min_keeper_fee
        )
        self.ended_at: int | None = None
        self.kept = False

    def _open_at_target(self) -> None:
        """Go to a target that no token of ours has: before the first row, so it costs nobody."""
        stage, target = self.stage, round(self.settings.kind.target * WAD)
        account = stage.account()
        held = abs(account.size) * int(self.path.open[0]) * PRICE_STEP // account.equity
        if abs(held - target) > target // 1_000:
            stage.write(target, Trigger.SCHEDULE)
            stage.rebalance()

    def play(self, segment: int, progress: Callable[[int], None] | None) -> Result:
        """Play all bars."""
        path, stage = self.path, self.stage
        expected = int(path.time[0])
        for bar, (time, answer, worst, rate, is_there, settled) in enumerate(self._bars()):
            self.books.begin_row(bar)
            stage.open_bar(time, answer)
            if time > expected:
                self.books.note(time, "downtime", "")
            expected = time + path.step
            self.kept = settled
            if settled:
                stage.settle(rate)
            self._open(answer, is_there)
            self._close(answer, worst, rate)
            stage.close_bar(self.kept)
            if self.ended_at is not None:
                return self.books.close(self.ended_at)
            if stage.kept >= segment:
                stage.carry()
            if progress is not None and bar % _PROGRESS == 0:
                progress(bar)
        self._finish()
        return self.books.close(self.ended_at)

    def _bars(self) -> Iterator[tuple[int, int, int, int, bool, bool]]:
        """Yield each bar's time, open, adverse extreme, rate, and whether keeper and funding come.

        Some at a time: Python's numbers take four times the room of an array's.
        """
        path, settings = self.path, self.settings
        looks, settles = settings.keeper.looks(len(path)), path.settlements
        if settings.venue.own_funding:
            settles[:] = False
        worst = path.low if settings.kind.is_long else path.high
        columns = path.time, path.open, worst, path.funding, looks, settles
        for start in range(0, len(path), _BLOCK):
            blocks = (column[start : start + _BLOCK].tolist() for column in columns)
            yield from zip(*blocks, strict=True)

    def read(self, price: int) -> None:
        """Book what price and time have done up to now."""
        stage = self.stage
        self.books.accrue(stage.now, price, stage.account(), stage.shares())

    def _open(self, answer: int, is_there: bool) -> None:
        """Do all that is done at an open, and write the row."""
        books = self.books
        self.read(answer * PRICE_STEP)
        books.open_row()
        if books.account.is_due:
            self._liquidate()
        if self.flows:
            self._flow()
        self.keeper.look(books._row, is_there)
        books.end_row()

    def _close(self, answer: int, worst: int, rate: int) -> None:
        """Play the adverse extreme if it could liquidate the account."""
        account, path = self.books.account, self.path
        if account.size != 0:
            size, price = account.size, worst * PRICE_STEP
            equity = account.equity + size * (price - answer * PRICE_STEP) // WAD
            # What can be needed at most: margins grow with the price at most; and funding.
            notional = abs(size) * price // WAD
            needed = account.maintenance * max(worst, answer) // answer * 101 // 100
            needed += (
                notional
                * (abs(rate) + self.stage.config.max_funding_rate)
                // WAD
                * path.step
                // DAY
            )
            if equity <= needed:
                self._play_extreme(worst)
        elif account.equity < self.least:
            self._end()

    def _play_extreme(self, worst: int) -> None:
        """Show the adverse extreme, and liquidate if it is due."""
        stage, books = self.stage, self.books
        start = int(self.path.time[books._row])
        stage.see(max(stage.now, start + self.path.step // _EXTREME), worst)
        books.begin_row(books._row + 1)
        if not stage.account().is_due:
            books.begin_row(books._row - 1)
            return
        self.read(worst * PRICE_STEP)
        self._liquidate()
        if books.account.size == 0 and books.account.equity < self.least:
            books.end_row()
            self._end()

    def _liquidate(self) -> None:
        """Let the venue liquidate, and book it."""
        account = self.stage.liquidate()
        self.books.liquidate(self.stage.now, account)
        self.kept = True

    def _flow(self) -> None:
        """Let in and out whose time has come."""
        stage, books = self.stage, self.books
        start = int(self.path.time[books._row])
        while self.flows and self.flows[0].time <= start:
            flow = self.flows.pop(0)
            try:
                stage.flow(flow.amount)
            except Revert as error:
                books.note(stage.now, "blocked", error.reason or "no reason")
                continue
            finally:
                self.kept = True
            books.flow(stage.now, stage.account(), stage.shares())

    def _end(self) -> None:
        """The token is over: nothing is left that could be traded or rebuilt."""
        books = self.books
        if books.account.equity < _WIPED:
            books.note(self.stage.now, "wiped", "")
        self.ended_at = books._row

    def _finish(self) -> None:
        """Mark the last close."""
        if self.ended_at is not None:
            return
        path, stage, books = self.path, self.stage, self.books
        books.begin_row(len(path))
        stage.open_bar(path.end, path.final)
        self.read(path.final * PRICE_STEP)
        books.open_row()
        books.end_row()
        stage.close_bar(keep=False)


class _OwnKeeper:
    """Does what the token's own policy says."""

    def __init__(self, player: _Player) -> None:
        """Keep a player's token."""
        self._player, self._habits = player, player.settings.keeper
        self._due_since: int | None = None
        self._blocked = ""

    def look(self, bar: int, is_there: bool) -> None:
        """Look at the open of a bar, and act if it is time."""
        stage, habits = self._player.stage, self._habits
        status = stage.status()
        if status.trigger == _NOTHING:
            self._due_since, self._blocked = None, ""
            end = int(self._player.path.time[bar]) + self._player.path.step
            if habits.delay or not is_there or not stage.now < status.ready_at < end:
                return
        elif self._due_since is None:
            self._due_since = bar
        if self._due_since is not None and bar - self._due_since < habits.delay:
            return
        if not is_there:
            self._player.books.note(stage.now, "missed", Trigger(status.trigger).name)
            return
        self._act(bar, status)

    def _act(self, bar: int, status: Status) -> None:
        """Trade as long as there is something to trade before the bar ends."""
        player, stage, books = self._player, self._player.stage, self._player.books
        end = int(player.path.time[bar]) + player.path.step
        while True:
            if status.trigger != _NOTHING and status.obstacle == _CLEAR:
                trade = stage.rebalance()
                player.kept = True
                books.rebalance(stage.now, trade, stage.account())
            elif stage.now < status.ready_at < end and status.obstacle in (_CLEAR, _COOLDOWN):
                stage.pass_to(status.ready_at)
                player.read(books.price)
            else:
                break
            status = stage.status()
        if status.trigger == _NOTHING:
            self._due_since, self._blocked = None, ""
            return
        blocked = Obstacle(status.obstacle).name
        if blocked not in (self._blocked, Obstacle.COOLDOWN.name):
            books.note(stage.now, "blocked", blocked)
        self._blocked = blocked


class _PresetKeeper:
    """Does what another venue's rule says."""

    def __init__(self, player: _Player) -> None:
        """Keep a player's token."""
        rule = player.settings.rule
        assert isinstance(rule, Preset)
        self._player, self._rule, self._habits = player, rule, player.settings.keeper
        self._is_long = player.settings.kind.is_long
        self._traded_price = player.books.price / WAD
        self._served = period(rule, int(player.path.time[0]), player.path.step)
        self._due_since: int | None = None

    def look(self, bar: int, is_there: bool) -> None:
        """Look at the open of a bar, and act if it is time."""
        account, price = self._player.books.account, self._player.books.price
        if account.equity < self._player.least:
            return  # the venue would keep no larger position open
        level = abs(account.size) * price / account.equity / WAD
        boundary = period(self._rule, int(self._player.path.time[bar]), self._player.path.step)
        scheduled = boundary != self._served
        quote = price / WAD
        due = is_due(self._rule, self._is_long, level, quote, self._traded_price, scheduled)
        if not due:
            # A boundary that comes while nothing is worth a trade is over.
            self._served, self._due_since = boundary, None
            return
        if self._due_since is None:
            self._due_since = bar
        if bar - self._due_since < self._habits.delay:
            return
        outside = level <= self._rule.lower or level >= self._rule.upper
        trigger = Trigger.DRIFT if outside and self._rule.edges else Trigger.SCHEDULE
        if not scheduled:
            trigger = Trigger.DRIFT
        if not is_there:
            self._player.books.note(self._player.stage.now, "missed", trigger.name)
            return
        self._trade(float(aim(self._rule, level)), trigger)
        self._served, self._due_since = boundary, None

    def _trade(self, wanted: float, trigger: Trigger) -> None:
        """Trade, whole and at once."""
        player, stage, books = self._player, self._player.stage, self._player.books
        player.kept = True
        self._traded_price = books.price / WAD
        try:
            stage.write(round(wanted * 10**9) * 10**9, trigger)
            trade = stage.rebalance()
        except Revert as error:
            if error.reason != "rebalance: nothing to do":
                books.note(stage.now, "blocked", error.reason or "no reason")
            return
        books.rebalance(stage.now, trade, stage.account())
