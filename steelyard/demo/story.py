"""The demo itself: a history is played to three tokens, and what came of it is checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from steelyard.demo.amounts import exact
from steelyard.demo.checks import Check, books, returns, summary, token_books, venue_cash
from steelyard.demo.figures import TokenFigures, figures
from steelyard.demo.holders import Holders
from steelyard.demo.keeper import Keeper
from steelyard.demo.ledger import Ledger
from steelyard.demo.path import HOUR, QUARTER, Moment, moments, with_downtime
from steelyard.demo.world import PEOPLE, SEED, Token, World, refusal
from steelyard.history import Gap, History
from steelyard.model.arithmetic import WAD


class Story:
    """Everything that happens, in order.

    Attributes:
        history: What is played.
        made: The downtime that was made, if the history had none.
        moments: The prices of the history, by time.
        world: The chain.
        ledgers: The books of each token, by symbol.
        keeper: Who rebalances.
        holders: Who holds.
        refusals: What was tried in downtime, by reason of the refusal.
        checks: All that must hold, once the story is over.
        gains: Who gained what, quote WAD, once the story is over.
    """

    def __init__(self, history: History) -> None:
        """Deploy everything at the first price.

        Args:
            history: What to play.
        """
        self.history, self.made = with_downtime(history)
        self.moments = moments(self.history)
        first = self.moments[0]
        self.world = World(first.time, first.price)
        self.ledgers = {
            symbol: Ledger(self.world, token) for symbol, token in self.world.tokens.items()
        }
        self.keeper = Keeper(self.world, self.ledgers)
        self.holders = Holders(self.world, self.ledgers, len(self.moments))
        self.refusals: Counter[str] = Counter()
        self.checks: list[Check] = []
        self.gains: dict[str, int] = {}
        self._acts_in_downtime: list[str] = []
        self._audits: list[Check] = []

    def play(self) -> Iterator[Moment]:
        """Go through the history; yields each moment once it is over."""
        for index, moment in enumerate(self.moments):
            if moment.downtime is not None:
                self._sleep(moment.downtime)
            self.world.see(moment)
            self._accrue()
            self.keeper.work(moment.time + QUARTER)
            self.holders.act(index)
            self._audits.append(venue_cash(self.world))
            yield moment

    def end(self) -> None:
        """Let everybody leave, and check everything."""
        for ledger in self.ledgers.values():
            ledger.close()
        before = self._books()
        stuck = self.holders.leave()
        self.keeper.collect()
        self.gains = self._gains()
        self.checks = [
            *before,
            summary("all of this again when everybody has left", self._books()),
            summary("venue: cash = claims after every price", self._audits),
            *(check for ledger in self.ledgers.values() for check in returns(ledger)),
            self._check_downtime(),
            self._check_previews(),
            self._check_exits(stuck),
            self._check_gains(),
        ]

    def figures(self) -> list[TokenFigures]:
        """Return what became of each token."""
        return [
            figures(ledger, self.holders.gain(symbol)) for symbol, ledger in self.ledgers.items()
        ]

    def _accrue(self) -> None:
        """Book what time and price have done to each token."""
        for ledger in self.ledgers.values():
            ledger.accrue()

    def _books(self) -> list[Check]:
        """Check venue and tokens as they are."""
        tokens = self.world.tokens.values()
        return [
            *books(self.world),
            *(check for token in tokens for check in token_books(self.world, token)),
        ]

    # Downtime

    def _sleep(self, gap: Gap) -> None:
        """Go through a downtime, in which people try every hour what they cannot do."""
        self.world.pause(gap.start)
        self._accrue()
        before = self._positions()
        for time in range(gap.start, gap.end, HOUR):
            self.world.wait(time)
            for token in self.world.tokens.values():
                for name, act in self._attempts(token).items():
                    reason = refusal(act)
                    if reason is None:
                        self._acts_in_downtime.append(f"{name} {token.symbol}")
                    else:
                        self.refusals[reason] += 1
        if self._positions() != before:
            self._acts_in_downtime.append("a position changed")

    def _positions(self) -> list[object]:
        """Return what the venue has stored of each token."""
        return [self.world.position(token) for token in self.world.tokens.values()]

    def _attempts(self, token: Token) -> dict[str, Callable[[], object]]:
        """Return what people would do: leave, come in, rebalance, liquidate."""
        exchange, market = self.world.exchange, self.world.market.id
        holder, keeper = PEOPLE["holder 1"], PEOPLE["keeper"]
        owner = next((each for each in PEOPLE.values() if token.handle.balanceOf(each)), holder)
        assets = 1_000 * WAD // self.world.scale
        return {
            "redeem": lambda: token.handle.redeem(
                token.handle.balanceOf(owner), owner, owner, sender=owner
            ),
            "deposit": lambda: token.handle.deposit(assets, holder, sender=holder),
            "rebalance": lambda: token.handle.rebalance(sender=keeper),
            "flag": lambda: exchange.flag(market, token.handle, sender=keeper),
        }

    # Checks of what only the whole story knows

    def _check_downtime(self) -> Check:
        """Nothing traded in downtime."""
        tried = ", ".join(f"{reason!r} {count}" for reason, count in self.refusals.most_common())
        done = ", ".join(self._acts_in_downtime)
        return Check(
            "downtime: nothing trades",
            not done,
            f"{done} went through" if done else f"refused: {tried or 'nothing was tried'}",
        )

    def _check_previews(self) -> Check:
        """Entries and exits came to what their previews had said."""
        return Check(
            "entries and exits: as previewed",
            not self.holders.surprises,
            "; ".join(self.holders.surprises) or f"{self.holders.flows} of them",
        )

    def _check_exits(self, stuck: list[tuple[str, str, str]]) -> Check:
        """Everybody has left, but from tokens that are worth nothing."""
        worthless = {
            symbol
            for symbol, token in self.world.tokens.items()
            if self.world.account(token).equity <= 0
        }
        wrong = [
            f"{who}, {symbol}: {reason}" for who, symbol, reason in stuck if symbol not in worthless
        ]
        return Check(
            "everybody has redeemed everything",
            not wrong,
            "; ".join(wrong) or f"{len(stuck)} left holding what is worth nothing",
        )

    def _gains(self) -> dict[str, int]:
        """Return who gained what."""
        state = self.world.market_state()
        gains = {f"holders of {symbol}": self.holders.gain(symbol) for symbol in self.ledgers}
        left = sum(self.world.account(token).equity for token in self.world.tokens.values())
        return gains | {
            "seeds of the tokens": left - SEED * len(self.ledgers),
            "fee receiver": self.world.collateral(PEOPLE["fees"]),
            "keeper": self.keeper.earned(),
            "venue, in fees": state.fees,
            "liquidity provider": state.lp_equity - self.world.market.setup.liquidity,
        }

    def _check_gains(self) -> Check:
        """What somebody gained somebody lost; the venue rounds the PnL of each position once."""
        rest, won = sum(self.gains.values()), sum(max(gain, 0) for gain in self.gains.values())
        return Check(
            "gains of all add up to nothing",
            abs(rest) <= len(self.ledgers),
            f"{exact(won)} won, {exact(won - rest)} lost, {abs(rest)} wei of rounding apart",
        )
