"""The history that is made up is always the same, and tells the story it is there for."""

import hashlib
from dataclasses import astuple
from decimal import Decimal

from steelyard.history import default_history, read_history
from steelyard.model.exchange import WAD

HOUR = 3_600
EXPECTED = "c627f4d8162444647ca1b6aaad498a91f39d3f7f97da6fb443c65268aa5bc2e5"


def test_the_default_never_changes():
    made = default_history()
    text = repr([astuple(bar) for bar in made.bars] + [tuple(rate) for rate in made.funding])
    assert hashlib.sha256(text.encode()).hexdigest() == EXPECTED


def test_the_default_tells_its_story():
    made = default_history()
    opens = [bar.open for bar in made.bars]
    closes = [bar.close for bar in made.bars]
    assert made.bars[0].open == 40_000 * WAD
    assert made.end - made.start == 10 * 24 * HOUR
    (crash,) = [at for at, bar in enumerate(made.bars) if bar.close * 100 <= bar.open * 85]
    assert 0.19 < 1 - closes[crash] / opens[crash] < 0.21
    top, bottom = max(closes[:crash]), min(closes[crash:])
    assert top > opens[0] * 140 // 100  # a 3x long re-levers at a third
    assert bottom < opens[0]
    assert bottom * 115 // 100 < closes[-1] < top * 9 // 10
    chop = closes[96:145]
    assert max(chop) < min(chop) * 108 // 100


def test_the_default_is_a_history_as_files_give_it(tmp_path):
    made = default_history()
    lines = ["timestamp,open,high,low,close"]
    for bar in made.bars:
        prices = (bar.open, bar.high, bar.low, bar.close)
        lines.append(",".join([str(bar.timestamp), *(str(Decimal(p) / WAD) for p in prices)]))
    prices, funding = tmp_path / "made up.csv", tmp_path / "funding.csv"
    prices.write_text("\n".join(lines))
    rates = [f"{time},{Decimal(rate) / 3 / WAD}" for time, rate in made.funding]
    funding.write_text("\n".join(["timestamp,rate", *rates]))
    assert read_history(prices, funding) == made


def test_the_default_has_one_downtime_in_the_middle():
    made = default_history()
    (gap,) = made.gaps
    assert gap.end - gap.start == 5 * HOUR
    middle = (made.start + made.end) // 2
    assert gap.start <= middle < gap.end


def test_the_default_funding_follows_the_crowd():
    made = default_history()
    times = [funding.timestamp for funding in made.funding]
    assert times == list(range(made.start, made.end, 8 * HOUR))
    rates = [funding.rate for funding in made.funding]
    assert min(rates) < 0 < max(rates)
    assert all(abs(rate) < 5 * WAD // 1_000 for rate in rates)  # the default market's bound
