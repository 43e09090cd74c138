"""The report's files: a page that fetches nothing, pictures, JSON to its schema, CSV."""

import json
import math
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from plotly.offline import get_plotlyjs

from steelyard.accounting import PART_NAMES
from steelyard.replay.report import Subject, to_json, write_report
from steelyard.replay.report.page import page
from steelyard.replay.report.pictures import series
from tests.replay.makers import hourly, play, walk, with_bars

NUMBER, WORD, MAYBE = (int, float), str, (str, type(None))
SCHEMA = {
    "label": WORD,
    "market": WORD,
    "token": WORD,
    "rule": WORD,
    "engine": WORD,
    "leverage": NUMBER,
    "band": list,
    "bars": int,
    "start": WORD,
    "end": WORD,
    "price_return": NUMBER,
    "return": NUMBER,
    "parts": dict,
    "nav": list,
    "rebalances": int,
    "triggers": dict,
    "rebalanced_bars": int,
    "traded": NUMBER,
    "paid": dict,
    "leverage_max": (*NUMBER, type(None)),
    "leverage_min": NUMBER,
    "closest": (*NUMBER, type(None)),
    "closest_at": MAYBE,
    "drawdown": NUMBER,
    "drawdown_at": WORD,
    "tracking_error": NUMBER,
    "liquidations": int,
    "missed": int,
    "downtimes": int,
    "blocked": dict,
    "wiped_at": MAYBE,
    "liquidated_at": MAYBE,
    "ended_at": MAYBE,
    "nav_low": list,
    "nav_high": list,
    "factors": (dict, type(None)),
    "formula": dict,
    "settings": dict,
}


class Elements(HTMLParser):
    """Every element of a page, and the text of each script."""

    def __init__(self, text):
        super().__init__()
        self.found, self.scripts, self.texts = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data):
        if self.found and self.found[-1][0] == "script":
            self.scripts[-1] += data
        else:
            self.texts.append(data)


@pytest.fixture(scope="module")
def subjects():
    """A token that lives, one that dies, and one that never trades."""
    path = walk(5, hours=3_000, swing=0.01)
    dying = with_bars(path, low={1_500: float(path.low[1_500]) / 1e8 * 0.3})
    return [
        Subject("3L", "BTC", play(dying, "3L", deposit=1_000_000.0)),
        Subject("2L hold", "BTC", play(dying, "2L", "hold")),
        Subject("2S ftx", "BTC", play(dying, "2S", "ftx")),
    ]


@pytest.fixture(scope="module")
def html(subjects):
    return page(subjects, "steelyard replay <prices.csv>")


@pytest.fixture(scope="module")
def elements(html):
    return Elements(html)


def test_the_page_fetches_nothing(html, elements):
    own = html.replace(get_plotlyjs(), "")
    assert len(own) < len(html) - 4_000_000
    assert not re.search(r"https?:|//[a-z]|@import|url\(", own)
    for tag, attributes in elements.found:
        assert not {"src", "href", "srcset", "action", "data", "poster"} & attributes.keys(), tag
    (policy,) = [each["content"] for _, each in elements.found if "http-equiv" in each]
    assert policy.startswith("default-src 'none';")
    assert "connect-src" not in policy and "http" not in policy


def test_the_page_has_every_chart_of_every_token(elements):
    wanted = [each["data-figure"] for tag, each in elements.found if each.get("class") == "chart"]
    given = [each["id"] for tag, each in elements.found if each.get("type") == "application/json"]
    assert wanted == given and len(wanted) == 3 * 5
    scripts = [
        script
        for (tag, each), script in zip(
            [pair for pair in elements.found if pair[0] == "script"], elements.scripts, strict=True
        )
        if each.get("type") == "application/json"
    ]
    for script in scripts:
        figure = json.loads(script, parse_constant=lambda name: pytest.fail(name))
        assert figure["data"] and "template" not in str(figure["layout"].get("template", {}))


def test_the_page_says_in_words_what_happened(elements):
    text = " ".join(elements.texts)
    assert "It was wiped out on" in text
    assert "100 put into BTC2S ftx became" in text
    assert "It came nearest to its end in the bar that began on" in text
    assert "By the rule ftx it trades back to 2x at 2.667x or more and daily at 00:02 UTC." in text
    for word in ("Net asset value", "Leverage", "Rebalance", "Funding", "Liquidation"):
        assert word in text
    assert "steelyard replay <prices.csv>" in text


def test_four_years_of_hours_stay_small():
    path = hourly(1_000 + 100 * np.sin(np.arange(35_065) / 500))
    assert len(page([Subject("2L", "X", play(path, "2L", "hold"))] * 3)) < 6_000_000


def test_the_summary_has_its_schema_and_adds_up(subjects):
    data = to_json(subjects, "steelyard")
    assert set(data) == {"history", "command", "tokens"}
    assert [token["label"] for token in data["tokens"]] == ["3L", "2L hold", "2S ftx"]
    for token in data["tokens"]:
        assert token.keys() == SCHEMA.keys()
        for name, kind in SCHEMA.items():
            assert isinstance(token[name], kind), name
        assert tuple(token["parts"]) == PART_NAMES
        assert math.fsum(token["parts"].values()) == pytest.approx(token["return"], abs=1e-12)
        assert sum(token["triggers"].values()) == token["rebalances"]
    json.dumps(data, allow_nan=False)


def test_a_report_writes_its_files(subjects, tmp_path):
    seen = []
    files = write_report(subjects, tmp_path / "new", command="x", progress=seen.append)
    assert seen == files
    assert sorted(file.name for file in files) == sorted(
        ["summary.json", "report.html", "tokens.png", "risk.png"]
        + [f"{name}{end}.csv" for name in ("3L", "2L-hold", "2S-ftx") for end in ("", "-events")]
    )
    for file in files:
        assert file.stat().st_size > 0
        if file.suffix == ".png":
            assert file.read_bytes().startswith(b"\x89PNG")
    bars = pd.read_csv(tmp_path / "new" / "3L.csv")
    assert len(bars) == 3_001
    assert bars["nav"].to_numpy() == pytest.approx(subjects[0].result.nav, rel=1e-9)
    events = pd.read_csv(tmp_path / "new" / "3L-events.csv")
    assert len(events) == len(subjects[0].result.events)
    assert events["kind"].iloc[-1] == "wiped"


def test_a_token_that_nothing_happened_to_has_a_file_of_events(subjects, tmp_path):
    quiet = Subject("2L", "X", play(hourly([100, 101, 102]), "2L", "hold"))
    write_report([quiet], tmp_path)
    assert len(pd.read_csv(tmp_path / "2L-events.csv")) == 0


def test_the_picture_keeps_the_highest_leverage_and_every_rebalance(subjects):
    subject = subjects[2]
    drawn = series(subject)
    highest = subject.result.rows.leverage_open
    assert max(drawn.leverage) == highest[np.isfinite(highest)].max()
    assert len(drawn.rebalances) == len({event.bar for event in subject.result.rebalances})
