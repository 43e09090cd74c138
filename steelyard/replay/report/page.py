"""The report as one HTML file that needs nothing else: no network, no server, no other file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from importlib.resources import files

import plotly.graph_objects as go  # type: ignore[import-untyped]
from plotly.offline import get_plotlyjs  # type: ignore[import-untyped]

from steelyard.demo.amounts import percent
from steelyard.history.market import utc
from steelyard.replay.report import interactive, words
from steelyard.replay.report.figures import Subject, factors, formula, trades, waterfall
from steelyard.replay.report.table import rows, share

MOST_ROWS = 500
"""Rebalances in a table; all are in the CSV."""
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; base-uri 'none'; form-action 'none'"
)
"""The browser itself refuses whatever would be fetched."""

Charts = tuple[tuple[str, str, Callable[[Subject], go.Figure], str], ...]
CHARTS: Charts = (
    (
        "worth",
        "What it was worth",
        interactive.worth,
        "The token against its market, and against what leverage times the market's move would be "
        "if nothing lay in between. Choose the ratio scale to see small values; below zero, where "
        "the naive line can be, it has no place.",
    ),
    (
        "leverage",
        "Leverage in its band",
        interactive.levers,
        "The green area is where the rule lets leverage be, the dotted line where it counts as an "
        "emergency. A mark is a rebalance, where leverage was before it. Red: what leverage was "
        "at the worst price inside each bar, which a keeper sees only at the next.",
    ),
    ("steps", "Where the return went", interactive.steps, ""),
    (
        "losses",
        "Loss since the highest value",
        interactive.losses,
        "How much of the best value so far was gone. A holder who came at the top lost that.",
    ),
    (
        "nearness",
        "How near the end was",
        interactive.nearness,
        "How much further the price had to move at once, from the worst price of each bar, until "
        "the exchange would have liquidated the position. Zero is the end. What is above 100 % is "
        "off the picture.",
    ),
)
METHOD = (
    "The token's own contracts, as they are deployed, were run against this history on a chain "
    "inside the process: exchange, token and price feed. In each bar the keeper sees the open, and "
    "trades if the rule says so; then the worst price of the bar is tried for liquidation; the "
    "next bar's open follows. Bars that are missing are downtime: no price, no trade.",
    "What this is not: the exchange is a model with deep liquidity; in a real crash fills are "
    "worse, chains are full and feeds are late. Inside a bar only its worst price is known, not "
    "the way there. What happened once need not be the worst that can happen.",
)


def page(subjects: Sequence[Subject], command: str = "") -> str:
    """Return the report.

    Args:
        subjects: The tokens; at least one, all on the same path.
        command: What was typed to make it.
    """
    first = subjects[0]
    body = "\n".join(
        (
            _opening(first),
            _cards(subjects),
            _glossary(),
            _comparison(subjects),
            *(_section(subject, place) for place, subject in enumerate(subjects)),
            _method(first, command),
        )
    )
    return document(words.title(first.market, first.result.path.name), body)


def document(title: str, body: str) -> str:
    """Return a page that needs nothing else.

    Args:
        title: Plain text.
        body: HTML, with charts of `chart`.
    """
    title = escape(title)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{_asset('page.css')}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{body}\n"
        "<noscript><p>The charts need JavaScript; it is inside this file.</p></noscript>\n"
        f"<script>{get_plotlyjs()}</script>\n<script>\n{_asset('page.js')}</script>\n"
        "</body>\n</html>\n"
    )


def chart(mark: str, heading: str, figure: go.Figure, caption: str) -> str:
    """Return a chart as a part of a page.

    Args:
        mark: Its own in the page.
        heading: Plain text.
        figure: What is drawn.
        caption: Plain text.
    """
    data = (figure.to_json() or "").replace("</", "<\\/")
    return (
        f'<figure><h3>{escape(heading)}</h3><div class="chart" data-figure="{mark}"></div>'
        f'<script type="application/json" id="{mark}">{data}</script>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _opening(first: Subject) -> str:
    """Say what was done, for somebody who never saw a leveraged token."""
    path = first.result.path
    return paragraph(
        "A leveraged token is a share of a pot of money that bets on a price with borrowed weight. "
        "It is kept near its leverage by trading, so it earns more than the price when that goes "
        "straight, and loses when it goes back and forth; a fast enough move can end it. This page "
        f"shows what tokens would have done from {utc(int(path.time[0]))} to {utc(path.end)} UTC."
    )


def _cards(subjects: Sequence[Subject]) -> str:
    """Return what became of each token, in a few sentences."""
    cards = []
    for subject in subjects:
        gain = sum(amount for _, amount in waterfall(subject.result))
        kind = "gain" if gain >= 0 else "loss"
        texts = (words.outcome(subject), words.reasons(subject), words.danger(subject))
        cards.append(
            f'<div class="card"><h3>{escape(subject.name)}</h3>'
            f'<strong class="{kind}">{_minus(percent(gain, 2))}</strong>'
            f"{''.join(map(paragraph, texts))}</div>"
        )
    return f'<div class="cards">{"".join(cards)}</div>'


def _glossary() -> str:
    """Return the five words."""
    pairs = "".join(
        f"<dt>{escape(word)}</dt><dd>{escape(text)}</dd>" for word, text in words.GLOSSARY
    )
    return f"<h2>Five words</h2><dl>{pairs}</dl>"


def _comparison(subjects: Sequence[Subject]) -> str:
    """Return the tokens side by side."""
    lines = [[name, *(_minus(show(each)) for each in subjects)] for name, show in rows(subjects)]
    shown = [["price", *(_minus(share(each.result.price_return)) for each in subjects)]]
    gains = [percent(sum(amount for _, amount in waterfall(each.result)), 2) for each in subjects]
    shown.append(["return", *map(_minus, gains)])
    head = ["", *(subject.name for subject in subjects)]
    return f"<h2>Side by side</h2>{table_of(head, [*shown, *lines])}"


def _section(subject: Subject, place: int) -> str:
    """Return all about one token."""
    parts = [
        f"<h2>{escape(subject.name)}</h2>",
        paragraph(words.promise(subject)),
        paragraph(words.upkeep(subject)),
    ]
    for key, heading, draw, caption in CHARTS:
        parts.append(chart(f"figure-{place}-{key}", heading, draw(subject), caption))
        if key == "steps":
            parts.append(_steps(subject))
            parts.append(_factors(subject))
    parts.append(_rebalances(subject))
    return "\n".join(parts)


def _steps(subject: Subject) -> str:
    """Return the waterfall as a table, each step in words."""
    steps = waterfall(subject.result)
    lines = "".join(
        f"<tr><td>{escape(name)}</td><td>{_minus(percent(amount, 2))}</td>"
        f'<td class="word" style="text-align:left;white-space:normal">'
        f"{escape(words.STEP_WORDS[name])}</td></tr>"
        for name, amount in steps
    )
    total = _minus(percent(sum(amount for _, amount in steps), 2))
    return (
        '<div class="wide"><table><caption>Percent of what was put in; the steps add up to the '
        f'return.</caption>{lines}<tr class="total"><td>= return</td><td>{total}</td><td></td></tr>'
        "</table></div>"
    )


def _factors(subject: Subject) -> str:
    """Return what each cause multiplied the money by, beside what formulas expect."""
    found, expected = factors(subject.result), formula(subject.result)
    if found is None:
        return ""
    names = {
        "trend": "the price's whole move, leverage held all the way",
        "decay": "the way there: going back and forth, and leverage off its target",
        "funding": "funding",
        "trading": "fees and fills of rebalances, keepers",
        "management": "management",
        "liquidation": "liquidations",
    }
    lines = [
        [text, f"{found[key]:.4g}", f"{expected[key]:.4g}" if key in expected else ""]
        for key, text in names.items()
        if key != "liquidation" or found[key] != 1
    ]
    first, last = subject.result.navs
    lines.append(["all together", f"{last / first:.4g}", ""])
    caption = (
        "The same as factors: what each multiplied the money by. The formula is for leverage held "
        "exactly, of a price without jumps (Avellaneda and Zhang 2010), at "
        f"{expected['volatility']:.0%} volatility a year and the rates of this history."
    )
    return table_of(["multiplied by", "here", "formula"], lines, caption)


def _rebalances(subject: Subject) -> str:
    """Return the table of rebalances, folded."""
    found = trades(subject.result)
    if not found:
        return ""
    lines = [
        [
            utc(trade.time),
            trade.trigger.lower().replace("_", " "),
            f"{trade.price:,.2f}",
            f"{trade.before:.2f}x",
            f"{trade.after:.2f}x",
            f"{trade.notional:,.2f}",
            f"{trade.cost:,.2f}",
            str(trade.chunks),
        ]
        for trade in found[:MOST_ROWS]
    ]
    head = ["UTC", "why", "price", "leverage before", "after", "traded", "cost", "parts"]
    cut = f"the first {MOST_ROWS} of " if len(found) > MOST_ROWS else ""
    why = {trade.trigger for trade in found}
    caption = "; ".join(
        f"{name.lower().replace('_', ' ')}: {text}"
        for name, text in words.TRIGGER_WORDS.items()
        if name in why
    )
    return (
        f"<details><summary>Rebalances: {cut}{len(found):,}</summary>"
        f"{table_of(head, lines, caption)}</details>"
    )


def _method(first: Subject, command: str) -> str:
    """Say how it was made, and how to make it again."""
    result, settings = first.result, first.result.settings
    path, keeper = result.path, settings.keeper
    gaps = path.gaps
    downtime = sum(gap.end - gap.start for gap in gaps) // 3_600
    bucket = -(-len(path) // interactive.STRETCHES)
    facts = (
        f"Of {path.name}, {len(path):,} bars of {path.step / 3_600:g} hours were played; "
        f"{len(gaps)} gaps of together {downtime} hours were downtime. The keeper came "
        f"{keeper.delay} bars late and missed {keeper.miss:.1%} of the bars. "
        f"{settings.deposit:,.0f} were put in; the exchange's fees were "
        f"{settings.venue.taker_fee:.4%} and {settings.venue.maker_fee:.4%} (where an order "
        "relieves it).",
        f"Curves show the lowest and the highest value of every {bucket} bars; nothing that sticks "
        "out is lost. Figures are of all bars."
        if bucket > 1
        else "",
    )
    again = f"<p>Made by <code>{escape(command)}</code></p>" if command else ""
    texts = "".join(map(paragraph, filter(None, (*METHOD, *facts))))
    return f"<h2>How this was made</h2>{texts}{again}"


def table_of(head: Sequence[str], lines: Iterable[Sequence[str]], caption: str = "") -> str:
    """Return a table.

    Args:
        head: Of each column.
        lines: Cells.
        caption: Above it; empty = none.
    """
    top = "".join(f"<th>{escape(text)}</th>" for text in head)
    rest = "".join(
        f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in line)}</tr>" for line in lines
    )
    said = f"<caption>{escape(caption)}</caption>" if caption else ""
    return (
        f'<div class="wide"><table>{said}<thead><tr>{top}</tr></thead>'
        f"<tbody>{rest}</tbody></table></div>"
    )


def paragraph(text: str) -> str:
    """Return a paragraph.

    Args:
        text: Plain text.
    """
    return f"<p>{escape(_minus(text))}</p>"


def _minus(text: str) -> str:
    """Return numbers below zero with a real minus sign, where a hyphen precedes a digit."""
    return "".join(
        "\N{MINUS SIGN}"
        if sign == "-" and text[at + 1 : at + 2].isdigit() and not text[at - 1 : at].isalnum()
        else sign
        for at, sign in enumerate(text)
    )


def _asset(name: str) -> str:
    """Return a file that lies beside this one."""
    return files("steelyard.replay.report").joinpath(name).read_text(encoding="utf-8")
