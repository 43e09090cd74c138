"""Play the demo and show it: what `make demo` does."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from steelyard.charts import draw_tokens
from steelyard.demo.amounts import money
from steelyard.demo.export import series, write_json
from steelyard.demo.report import headline, print_checks, print_report
from steelyard.demo.story import Story
from steelyard.errors import SteelyardError
from steelyard.history import History
from steelyard.history.market import utc


def run(
    console: Console, history: History, picture: Path | None = None, figures: Path | None = None
) -> bool:
    """Play a history to the tokens, and tell what came of it.

    Args:
        console: Where to print; 112 columns are enough.
        history: What to play.
        picture: Where to draw it, a PNG; None for no picture.
        figures: Where to write the figures, a JSON file; None for no file.

    Returns:
        Whether every check held.
    """
    try:
        with console.status("Compiling and deploying: the first time takes half a minute"):
            story = Story(history)
        for line in headline(story):
            console.print(f"[bold]{escape(line)}")
        _play(console, story)
        story.end()
        tokens = story.figures()
    except SteelyardError as error:
        console.print(f"[red]WRONG[/] the story stopped: {escape(str(error))}")
        return False
    print_report(console, story, tokens)
    if picture is not None:
        draw_tokens([series(ledger, story) for ledger in story.ledgers.values()], picture)
    if figures is not None:
        write_json(story, tokens, figures)
    return print_checks(console, story.checks)


def _play(console: Console, story: Story) -> None:
    """Go through the history, with a bar where somebody watches."""
    columns = (TextColumn("{task.description}"), BarColumn(None), TimeElapsedColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task("", total=len(story.moments))
        for moment in story.play():
            levers = "  ".join(
                f"{symbol} {_leverage(ledger.last.leverage)}"
                for symbol, ledger in story.ledgers.items()
            )
            progress.update(
                task,
                advance=1,
                description=f"{utc(moment.time)}  {money(moment.price):>10}  {levers}",
            )


def _leverage(leverage: int | None) -> str:
    """Show a leverage (WAD) in a fixed width."""
    return "  gone" if leverage is None else f"{leverage / 10**18:5.2f}x"
