"""What happened to a token, in words for somebody who never saw one."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from steelyard.demo.amounts import percent
from steelyard.history.market import utc
from steelyard.model.arithmetic import DAY
from steelyard.replay.report.figures import CENTI, Subject, endings, factors, trades, waterfall
from steelyard.replay.rules import Preset, Rule, Steelyard

HUNDRED = 100

GLOSSARY = (
    (
        "Net asset value (NAV)",
        "what one share of the token is worth: its money at the exchange, divided by all shares.",
    ),
    (
        "Leverage",
        "the size of the position over the token's own money. At 3x a move of the price of 1 % "
        "moves NAV by 3 %. Every move of the price changes leverage too.",
    ),
    (
        "Rebalance",
        "a trade that brings leverage back to its target: a long buys after a rise and sells "
        "after a fall, a short the reverse. So it rides trends, and loses when the price goes "
        "back and forth.",
    ),
    (
        "Funding",
        "what the two sides of the exchange pay each other for holding positions, every eight "
        "hours. Above zero, as it mostly was, longs pay shorts; on leverage times the money.",
    ),
    (
        "Liquidation",
        "the end: when a position's losses have eaten the token's money down to a small margin, "
        "the exchange closes it. What is left then may be nothing.",
    ),
)
"""Five words, and what they mean."""

STEP_WORDS = {
    "naive": "leverage times the price's move from start to end, as if nothing were in between",
    "compounding": "what the way there changed: rebalancing gains in trends and loses in going "
    "back and forth; it also keeps a loss from going below zero",
    "funding": "paid to (below zero) or got from the other side of the exchange",
    "trading": "the exchange's fees for rebalances, and fills worse or better than the price",
    "keepers": "rewards to whoever called a rebalance",
    "management": "the token's yearly fee",
    "others' flows": "what others left who came and went",
    "liquidation": "what the exchange took when it closed the position; above zero, what its pool "
    "bore of a loss beyond all the token had",
}
"""Steps of the waterfall in words."""

TRIGGER_WORDS = {
    "DRIFT": "leverage left its band, or the price had moved too far against the token",
    "EMERGENCY": "leverage was far above its band",
    "SCHEDULE": "it was time",
    "REBUILD": "the position was gone and is opened anew",
    "UNFINISHED": "the rest of a trade too large for one go",
    "WIND_DOWN": "the token ends",
}
"""Triggers in words."""


def title(market: str, name: str) -> str:
    """Return the title of a report.

    Args:
        market: What the price is called.
        name: Of the history.
    """
    return f"Leveraged tokens on {market or name}: what would have happened"


def promise(subject: Subject) -> str:
    """Say what the token is, and by which rule it trades.

    Args:
        subject: Which.
    """
    kind = subject.result.settings.kind
    way = "the same way as" if kind.is_long else "against"
    return (
        f"{subject.name} moves {way} {subject.price}, {kind.target:g} times as much, over short "
        f"times. {rule_words(subject.result.settings.rule)}"
    )


def rule_words(rule: Rule) -> str:
    """Say when a rule trades.

    Args:
        rule: Which.
    """
    if isinstance(rule, Steelyard):
        return (
            f"It may drift between {rule.lower:g}x and {rule.upper:g}x; outside, anybody may trade "
            f"it back to {rule.target:g}x and is paid for that."
        )
    conditions = _conditions(rule)
    if not conditions:
        return "It never trades."
    part = "" if rule.recentering == 1 else f"{rule.recentering:.0%} of the way "
    return f"By the rule {rule.name} it trades {part}back to {rule.target:g}x {conditions}."


def _conditions(rule: Preset) -> str:
    """Say when another venue's rule trades; empty = never."""
    when = []
    if rule.edges and rule.lower > 0:
        when.append(f"at {rule.lower:.4g}x or less")
    if rule.edges and math.isfinite(rule.upper):
        when.append(f"at {rule.upper:.4g}x or more")
    if math.isfinite(rule.adverse_move):
        when.append(f"once the price has moved {rule.adverse_move:.3g} of itself against it")
    if rule.every:
        often = "daily" if rule.every == DAY else f"every {rule.every} seconds"
        moved = f" if the price has moved {rule.least_move:.0%}" if rule.least_move else ""
        when.append(
            f"{often} at {rule.boundary // 3600:02}:{rule.boundary // 60 % 60:02} UTC{moved}"
        )
    return " and ".join(filter(None, (", ".join(when[:-1]), *when[-1:])))


def outcome(subject: Subject) -> str:
    """Say what became of the money.

    Args:
        subject: Which.
    """
    result, steps = subject.result, dict(waterfall(subject.result))
    gain, move = sum(steps.values()), round(result.price_return * CENTI)
    left = HUNDRED * result.navs[1] / result.navs[0]
    rose = "rose" if move >= 0 else "fell"
    word = f"a gain of {_share(gain)}" if gain >= 0 else f"a loss of {_share(-gain)}"
    if gain == -CENTI and left > 0:
        word = "almost all is lost"
    naive = percent(steps["naive"], 2)
    factor = result.settings.kind.factor
    beyond = ", which is more than there was" if steps["naive"] < -CENTI else ""
    return (
        f"From {_day(int(result.time[0]))} to {_day(int(result.time[-1]))} {subject.price} {rose} "
        f"by {_share(abs(move))}. {HUNDRED} put into {subject.name} became {_money(left)}: {word}. "
        f"Simply {factor:g} times the move of {subject.price} would have been {naive}{beyond}."
    )


def reasons(subject: Subject) -> str:
    """Say why, as factors: over years they are clearer than sums.

    Args:
        subject: Which.
    """
    found, factor = factors(subject.result), subject.result.settings.kind.factor
    if found is None:
        return "Why: the price moved too far against it before anybody could trade it down."
    costs = found["trading"] * found["management"]
    parts = [
        f"the way it really went multiplied that by {_factor(found['decay'])}",
        f"funding by {_factor(found['funding'])}",
        f"fees and trading by {_factor(costs)}",
    ]
    if abs(found["liquidation"] - 1) > 1e-9:
        parts.append(f"liquidations by {_factor(found['liquidation'])}")
    return (
        f"Why: had {subject.price} gone straight there, {factor:g}x held all the way would have "
        f"multiplied money by {_factor(found['trend'])}. But {', '.join(parts[:-1])} and "
        f"{parts[-1]}."
    )


def danger(subject: Subject) -> str:
    """Say how near the token came to its end, or how it ended.

    Args:
        subject: Which.
    """
    result = subject.result
    summary, liquidations = result.summary(), endings(result)
    if result.wiped_at is not None:
        return f"It was wiped out on {utc(result.wiped_at)} UTC: nothing was left."
    if liquidations:
        left = result.nav[liquidations[-1].bar] / result.nav[0]
        ended = "went on from there" if result.ended_at is None else "was too small to start again"
        return (
            f"The exchange liquidated it on {utc(liquidations[0].time)} UTC"
            f"{_times(len(liquidations))}; {left:.2%} of its first value was left, and it {ended}."
        )
    if summary["closest"] is None:
        return "It held no position."
    way = "fall" if result.settings.kind.is_long else "rise"
    worst = int(np.argmin(result.nearness))
    return (
        f"It came nearest to its end in the bar that began on {summary['closest_at']} UTC: at "
        f"{result.peak_leverage[worst]:.1f}x, a further {way} of {_share_of(summary['closest'])} "
        f"at once would have liquidated it."
    )


def upkeep(subject: Subject) -> str:
    """Say how often it traded, and what stood in the way.

    Args:
        subject: Which.
    """
    result = subject.result
    found = trades(result)
    chunks = sum(trade.chunks for trade in found)
    parts = f", in {chunks:,} parts" if chunks > len(found) else ""
    count = f"{len(found):,} times" if len(found) != 1 else "once"
    texts = [f"It was rebalanced {count}{parts}."]
    if result.summary()["missed"]:
        texts.append(f"In {result.summary()['missed']:,} bars the keeper missed a trade.")
    blocked = [event for event in result.events if event.kind == "blocked"]
    kinds = Counter(event.cause for event in blocked)
    if kinds:
        named = ", ".join(f"{cause.lower()} {number}" for cause, number in kinds.most_common())
        first = blocked[0]
        texts.append(
            f"Trades that were due were held up {len(blocked)} times ({named}), first on "
            f"{utc(first.time)} UTC, when all the token had was {_money(first.equity)}."
        )
    if any(event.cause == "VENUE" and event.equity < _least(subject) for event in blocked):
        texts.append(
            f"The exchange enlarges no position with less than {_least(subject):g} of margin: from "
            "then on leverage mostly drifted. With a larger deposit that comes later."
        )
    return " ".join(texts)


def sentence(subject: Subject) -> str:
    """Say in one line what happened, for the terminal.

    Args:
        subject: Which.
    """
    steps = waterfall(subject.result)
    gain = sum(amount for _, amount in steps)
    word = "gained" if gain >= 0 else "lost"
    shown = ", ".join(f"{name} {percent(amount, 2)}" for name, amount in steps if amount)
    return f"{subject.name} {word} {_share(abs(gain))}: {shown}. {danger(subject)}"


def _least(subject: Subject) -> float:
    """Return the venue's least margin, quote."""
    return subject.result.settings.venue.min_margin


def _day(time: int) -> str:
    """Return a day, or with the time where it is no midnight."""
    return utc(time).removesuffix(" 00:00")


def _share(amount: int) -> str:
    """Return hundredths of a percent without a sign."""
    return percent(amount, 2, sign=False)


def _share_of(fraction: float) -> str:
    """Return a fraction as a percentage without a sign."""
    return _share(round(fraction * CENTI))


def _money(amount: float) -> str:
    """Return an amount with the digits that matter.

    >>> _money(1234.5), _money(0.00128)
    ('1,234.50', '0.0013')
    """
    return f"{amount:,.2f}" if abs(amount) >= 0.1 or amount == 0 else f"{amount:.2g}"


def _factor(number: float) -> str:
    """Return a factor with the digits that matter.

    >>> _factor(203.4), _factor(0.981), _factor(0.00031)
    ('203', '0.981', '0.00031')
    """
    return (
        f"{number:,.0f}" if number >= 100 else f"{number:.3g}" if number > 0.01 else f"{number:.2g}"
    )


def _times(count: int) -> str:
    """Say how often in all, if more than once."""
    return "" if count == 1 else f", and {count - 1:,} times after that"
