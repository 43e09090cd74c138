"""Cases a policy decides: plain ones for hand-made numbers, wide ones for comparisons."""

from __future__ import annotations

from dataclasses import astuple, fields
from decimal import Decimal
from random import Random
from typing import Any

from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.policy import Case, Memory, Rules
from steelyard.model.venue.oracle import Fault
from steelyard.model.venue.states import AccountState, MarketStatus

MIDNIGHT = 1_700_006_400
NOON = MIDNIGHT + DAY // 2
MICRO = 10**12
LEVERAGE = 10**14
NO_MEMORY = Memory()
# 2 * 2 bp * K: 400 underlying may be traded at once, a token with half of that 200.
SKEW_SCALE = 1_000_000 * WAD

# The rules of a 3x token as docs/protocol.md proposes them.
RULES = Rules(target=3 * WAD, leverage_lo=2 * WAD, leverage_hi=4 * WAD, emergency_leverage=5 * WAD)


def wad(number: str) -> int:
    """A decimal number in WAD, exact to its last digit."""
    return int(Decimal(number) * WAD)


def account(**changes: Any) -> AccountState:
    """100 underlying at 2,000 on a level market, 3x unless `equity` says otherwise."""
    values: dict[str, Any] = dict.fromkeys((field.name for field in fields(AccountState)), 0)
    values |= {
        "price": 2_000 * WAD,
        "oracle_fault": Fault.VALID,
        "status": MarketStatus.ACTIVE,
        "size": 100 * WAD,
        "equity": 200_000 * WAD // 3,
        "cash": 10**30,
        "flagged": False,
        "skew_scale": SKEW_SCALE,
        "maker_fee": wad("0.0002"),
        "taker_fee": wad("0.0006"),
        "max_leverage": 25 * WAD,
        "min_margin": 50 * WAD,
    }
    return AccountState(**values | changes)


def at_leverage(leverage: int, **changes: Any) -> AccountState:
    """The account whose real leverage is exactly this: price and equity are round."""
    size = changes.pop("size", 100 * WAD)
    equity = 100_000 * WAD
    return account(size=size, equity=equity, price=leverage * equity // abs(size), **changes)


def case(
    state: AccountState, rules: Rules = RULES, memory: Memory = NO_MEMORY, **changes: Any
) -> Case:
    """A long token's case at noon."""
    values = {"is_long": True, "now": NOON} | changes
    return Case(state=state, rules=rules, memory=memory, **values)


def struct(value: Any) -> tuple:
    """A dataclass as the ABI wants it."""
    return tuple(int(v) if not isinstance(v, (str, bool)) else v for v in astuple(value))


def stored(random: Random, low: int, high: int, unit: int = MICRO) -> int:
    """An amount between two that a word can hold."""
    return random.randint(-(-low // unit), high // unit) * unit


def any_rules(random: Random) -> Rules:
    """Rules within the bounds of docs/protocol.md section 8."""
    target = stored(random, 11 * WAD // 10, 12 * WAD, LEVERAGE)
    hi = stored(random, target * 11 // 10, 2 * target, LEVERAGE)
    calm = stored(random, WAD // 1000, WAD // 50)
    min_rate = stored(random, 0, WAD * 3 // 1000)
    return Rules(
        target=target,
        leverage_lo=stored(random, target * 2 // 5, target * 9 // 10, LEVERAGE),
        leverage_hi=hi,
        emergency_leverage=stored(random, hi * 5 // 4, 2 * hi, LEVERAGE),
        recentering=random.choice([WAD, stored(random, WAD // 4, WAD)]),
        min_drift=stored(random, WAD // 50, WAD // 5),
        max_slippage=calm,
        emergency_slippage=stored(random, 2 * calm, WAD * 8 // 100),
        min_rate=min_rate,
        max_rate=stored(random, min_rate, WAD * 3 // 1000),
        max_reward=stored(random, 0, WAD // 200),
        trade_share=random.choice([0] + 20 * [stored(random, MICRO, WAD // 2)]),
        cost_budget=stored(random, WAD // 200, WAD // 10),
        boundary=random.choice([0, 120, DAY - 1, random.randrange(DAY)]),
        window=random.randint(300, 14_400),
        scheduled=random.random() < 0.7,
        auction_duration=random.randint(300, 7_200),
        cooldown=random.randint(30, 600),
        max_deviation=stored(random, WAD // 500, WAD // 20),
    )


def any_age(random: Random, cooldown: int) -> int:
    """How long ago something was, seconds: near an edge, minutes or days."""
    edges = [0, 1, cooldown - 1, cooldown, 21_600, 21_601, DAY, DAY + 1]
    days = random.randint(0, 4 * DAY)
    return random.choice([random.choice(edges), random.randint(0, 3_600), days, days])


def any_memory(random: Random, rules: Rules, now: int) -> Memory:
    """What a token may remember."""
    kind = random.choice(["nothing"] + 2 * ["traded", "unfinished"] + ["winding down"])
    if kind == "nothing":
        return Memory()
    memory: dict[str, Any] = {
        "traded_at": now - any_age(random, rules.cooldown),
        "budget_used": random.choice([0, random.randint(0, 3 * rules.cost_budget)]),
    }
    if kind == "unfinished":
        memory["aim"] = random.choice(
            [rules.target, random.randint(rules.leverage_lo, rules.leverage_hi)]
        )
        memory["since"] = memory["traded_at"] - random.choice([0, random.randint(0, 25_000)])
        memory["upward"] = random.random() < 0.5
        memory["rebuilding"] = random.random() < 0.3
    if kind == "winding down":
        memory["winding_down_at"] = now - any_age(random, rules.cooldown)
        memory["winding_down_size"] = random.choice([0, random.randint(0, 10**24)])
    return Memory(**memory)


def any_leverage(random: Random, rules: Rules, memory: Memory) -> int:
    """Leverage from nothing to far beyond an emergency, often at an edge that counts."""
    lo, hi, em = rules.leverage_lo, rules.leverage_hi, rules.emergency_leverage
    edge = random.choice([lo, hi, em, rules.target, memory.aim or hi])
    low, high = random.choice(
        [(edge - 1, edge + 1), (edge * 98 // 100, edge * 102 // 100)]
        + 2 * [(lo // 2, lo), (lo, hi), (hi, em), (em, 2 * em)]
        + [(1, 1_000 * WAD)]
    )
    return random.randint(low, high)


def any_state(
    random: Random, rules: Rules, memory: Memory, is_long: bool, now: int
) -> AccountState:
    """An account the venue may show, the market deep enough for a chunk more often than not."""
    price = random.choice(
        [WAD, 2_000 * WAD, random.randint(10**12, 10**24), 2 ** random.randint(0, 94)]
    )
    amount = random.choice([random.randint(WAD, 10**24), 2 ** random.randint(0, 94)])
    equity = amount * price // any_leverage(random, rules, memory)
    kind = random.choice(["open"] * 20 + ["none"] * 4 + ["gone", "wrong side"])
    if kind == "none":
        amount, equity = 0, random.choice([random.randint(0, 10**19), random.randint(0, 10**24)])
    if kind == "gone":
        equity = -random.randint(0, 2**96)
    # K against the position: a trade of all of it moves the price by a part in a million to 1,000.
    scale = (amount or 10**21) * 10 ** random.randint(0, 6) * random.randint(1, 10) // 1_000
    scale = min(max(scale // WAD, 1), 2**40 - 1) * WAD
    premium = random.choice([0, random.randint(-100, 100), random.randint(-(10**5), 10**5)])
    return account(
        price=random.choice([0] + 29 * [price]),
        oracle_fault=random.choice([Fault.STALE] + 29 * [Fault.VALID]),
        status=random.choice(list(MarketStatus) + 29 * [MarketStatus.ACTIVE]),
        size=amount if is_long != (kind == "wrong side") else -amount,
        equity=min(equity, 2**127),
        flagged=random.random() < 0.02,
        changed_at=random.choice([0, now - any_age(random, rules.cooldown)]),
        skew=max(-(2**95), min(premium * scale // 10_000, 2**95)),
        skew_scale=scale,
        maker_fee=random.choice([0] + 20 * [random.randint(1, 2_000)]) * MICRO,
        taker_fee=random.choice([0, 50_000] + 20 * [random.randint(1, 2_000)]) * MICRO,
        cash=random.choice([0, 2**95, 2**95, random.randint(0, abs(equity) // 100 + 1)]),
        maintenance=random.choice([0, amount * price // WAD // random.randint(10, 1_000)]),
        max_leverage=random.choice([5, 50, 100]) * WAD,
        min_margin=random.choice([0, 50 * WAD]),
    )


def any_case(random: Random) -> Case:
    """A case without a reference feed."""
    rules = any_rules(random)
    # A window of hours is met by chance once in a dozen days: aim at it.
    wait = random.choice([0, rules.window, rules.window + 1, random.randint(0, rules.window)])
    wait = random.choice([wait, wait, random.randrange(DAY)])
    now = MIDNIGHT + rules.boundary + wait
    memory = any_memory(random, rules, now)
    is_long = random.random() < 0.5
    return Case(any_state(random, rules, memory, is_long, now), is_long, rules, memory, now)
