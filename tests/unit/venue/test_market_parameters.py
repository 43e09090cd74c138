"""Validation and packing: each field's unit and width, each rule on both sides, the layout."""

import ape
import pytest

from tests.unit.venue.helpers import CONFIG, ETH, MAX_UINT, USD, WAD, config_tuple

K = CONFIG["skew_scale"]
NO_FIT = "config: does not fit its field"

# field: storage unit, width in bits
FIELDS = {
    "max_age": (1, 20),
    "skew_scale": (10**18, 40),
    "max_funding_velocity": (10**12, 26),
    "max_funding_rate": (10**12, 20),
    "maker_fee": (10**12, 16),
    "taker_fee": (10**12, 16),
    "max_leverage": (10**18, 8),
    "maintenance_ratio": (10**13, 16),
    "liquidation_fee_ratio": (10**12, 16),
    "liquidation_premium": (10**14, 18),
    "min_keeper_fee": (10**17, 16),
    "max_keeper_fee": (10**18, 20),
    "min_margin": (10**18, 16),
    "max_long": (K // 10**6, 20),
    "max_short": (K // 10**6, 20),
    "max_notional": (10**23, 22),
    "reserve_factor": (10**15, 12),
    "liquidation_cap": (K // 10**5, 17),
}
# What is bounded by a rule before its field is full, and the reason.
BOUNDED = {
    "max_funding_rate": "config: rate over 100 percent",
    "maker_fee": "config: fee over 5 percent",
    "taker_fee": "config: fee over 5 percent",
    "max_leverage": "config: leverage out of bounds",
    "max_long": "config: cap too large",
    "max_short": "config: cap too large",
    "min_keeper_fee": "config: keeper fee bounds",
    "maintenance_ratio": "config: maintenance over initial",
    "liquidation_fee_ratio": "config: maintenance over initial",
}


@pytest.fixture
def feed(empty_venue):
    return empty_venue.new_feed(2_000)


@pytest.fixture
def pack(parameters, feed):
    return lambda **changes: parameters.pack(config_tuple(feed, **changes))


def test_layout(pack, feed):
    """Each field where market_words.vy says, in its unit; no state bits."""
    words = pack(
        max_funding_velocity=9 * WAD,
        max_funding_rate=5 * 10**15,
        liquidation_cap=200 * ETH,
        seize_remainder=True,
        liquidate_when_paused=True,
    )
    assert words[0] == (
        1 << 6
        | 1 << 7
        | 8 << 8  # decimals of the feed
        | 864_000 << 13
        | 9_000_000 << 33
        | 5_000 << 59
        | 20 << 79  # of 10 ETH
        | int(feed.address, 16) << 96
    )
    assert words[1] == (
        1_000_000
        | 200 << 40
        | 600 << 56
        | 25 << 72
        | 750 << 80
        | 3_500 << 96
        | 15_625 << 112
        | 20 << 130
        | 1_000 << 146
        | 50 << 166
        | 31_000 << 182
        | 31_000 << 202
        | 1_000 << 222
        | 500 << 244
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"seize_remainder": True},
        {"liquidate_when_paused": True},
        {"max_long": 0, "max_short": 0, "max_notional": 0},
        {"skew_scale": ETH, "max_long": 10**12, "max_short": 10**17, "liquidation_cap": 10**13},
        {"maker_fee": 0, "taker_fee": 0, "min_keeper_fee": 0, "max_keeper_fee": 0},
    ],
)
def test_unpack_is_the_inverse(pack, parameters, feed, changes):
    words = pack(**changes)
    assert tuple(parameters.unpack(words)) == config_tuple(feed.address, **changes)
    assert parameters.check(words) == words
    # State bits are none of its business.
    state = words[0] | 63
    assert tuple(parameters.unpack([state, words[1]])) == config_tuple(feed.address, **changes)


@pytest.mark.parametrize("field", FIELDS)
def test_unit(pack, field):
    unit, _ = FIELDS[field]
    if unit > 1:
        for amount in (CONFIG[field] + 1, CONFIG[field] + unit - 1):
            with ape.reverts(NO_FIT):
                pack(**{field: amount})


@pytest.mark.parametrize("field", FIELDS)
def test_width(pack, parameters, field):
    unit, bits = FIELDS[field]
    for amount in (unit << bits, (MAX_UINT // unit) * unit):
        with ape.reverts(NO_FIT):
            pack(**{field: amount})
    largest = (unit << bits) - unit
    if field in BOUNDED:
        with ape.reverts(BOUNDED[field]):
            pack(**{field: largest})
        return
    changes = {field: largest}
    if field == "skew_scale":
        part = largest // 10**6  # the caps are counted in parts of it
        changes |= {"max_long": part, "max_short": 2 * part}
    words = pack(**changes)
    assert getattr(parameters.unpack(words), field) == largest


@pytest.mark.parametrize("field", ["max_age", "skew_scale"])
def test_not_zero(pack, field):
    with ape.reverts("config: zero age or skew scale"):
        pack(**{field: 0})
    pack(max_age=1)
    pack(skew_scale=ETH, max_long=0, max_short=0)


@pytest.mark.parametrize("field", ["maker_fee", "taker_fee"])
def test_fee(pack, field):
    pack(**{field: 5 * 10**16})
    with ape.reverts("config: fee over 5 percent"):
        pack(**{field: 5 * 10**16 + 10**12})


def test_funding_rate(pack):
    pack(max_funding_rate=WAD)
    with ape.reverts("config: rate over 100 percent"):
        pack(max_funding_rate=WAD + 10**12)


def test_leverage(pack):
    free = {"maintenance_ratio": 0, "liquidation_fee_ratio": 0}
    for leverage in (1, 100):
        pack(max_leverage=leverage * WAD, **free)
    for leverage in (0, 101, 255):
        with ape.reverts("config: leverage out of bounds"):
            pack(max_leverage=leverage * WAD, **free)


def test_maintenance_below_initial(pack):
    """At 25x the initial margin is 4 %: a maintenance and a fee of 4 % together are too much."""
    pack(maintenance_ratio=3_650 * 10**13, liquidation_fee_ratio=3_499 * 10**12)
    with ape.reverts("config: maintenance over initial"):
        pack(maintenance_ratio=3_650 * 10**13, liquidation_fee_ratio=3_500 * 10**12)


def test_keeper_fees(pack):
    pack(min_keeper_fee=5 * USD, max_keeper_fee=5 * USD)
    with ape.reverts("config: keeper fee bounds"):
        pack(min_keeper_fee=51 * USD // 10, max_keeper_fee=5 * USD)


@pytest.mark.parametrize("field", ["max_long", "max_short"])
def test_caps_stay_below_the_skew_scale(pack, field):
    pack(**{field: K - K // 10**6})
    with ape.reverts("config: cap too large"):
        pack(**{field: K})


@pytest.mark.parametrize("field", ["max_long", "max_short"])
def test_caps_stay_below_2_94(pack, field):
    """2**94 wei are 19.8 billion ETH; a scale of 100 billion counts caps in hundred thousands."""
    scale = {"skew_scale": 10**11 * ETH, "max_long": 0, "max_short": 0}
    unit = 10**5 * ETH
    largest = 2**94 // unit * unit
    pack(**scale | {field: largest})
    with ape.reverts("config: cap too large"):
        pack(**scale | {field: largest + unit})


def test_reserve(pack):
    pack(reserve_factor=10**17)
    for factor in (10**17 - 10**15, 0):
        with ape.reverts("config: reserve under 10 percent"):
            pack(reserve_factor=factor)


@pytest.mark.parametrize("digits", [0, 6, 8, 18])
def test_decimals_of_the_feed(empty_venue, parameters, digits):
    feed = empty_venue.new_feed(1, digits)
    words = parameters.pack(config_tuple(feed))
    assert words[0] >> 8 & 31 == digits


@pytest.mark.parametrize("digits", [19, 32, 255])
def test_too_many_decimals(empty_venue, parameters, owner, digits):
    feed = empty_venue.new_feed(1)
    feed.set_decimals(digits, sender=owner)
    with ape.reverts("oracle: over 18 decimals"):
        parameters.pack(config_tuple(feed))


def test_oracle_must_be_a_feed(parameters, owner, usd):
    parameters.pack(config_tuple(usd))  # it has decimals; that it has no price is a fault later
    with ape.reverts():
        parameters.pack(config_tuple(owner.address))


# check


@pytest.mark.parametrize("bit", range(6))
def test_state_bits_are_no_parameters(pack, parameters, bit):
    words = pack()
    with ape.reverts("config: not packed parameters"):
        parameters.check([words[0] | 1 << bit, words[1]])


def test_check_knows_the_feed(empty_venue, parameters, owner):
    """Words of a feed that has changed its decimals are refused."""
    feed = empty_venue.new_feed(1)
    words = parameters.pack(config_tuple(feed))
    feed.set_decimals(18, sender=owner)
    with ape.reverts("config: not packed parameters"):
        parameters.check(words)


def test_check_validates(pack, parameters):
    words = pack()
    for shift, bits, reason in (
        (0, 40, "config: zero age or skew scale"),
        (40, 16, "config: fee over 5 percent"),
        (72, 8, "config: leverage out of bounds"),
        (80, 16, "config: maintenance over initial"),
        (182, 20, "config: cap too large"),
        (244, 12, "config: reserve under 10 percent"),
    ):
        mask = (2**bits - 1) << shift
        value = words[1] & ~mask if shift in (0, 244) else words[1] | mask
        with ape.reverts(reason):
            parameters.check([words[0], value])
