"""A replay for people and machines: a table, pictures, one HTML page, JSON and CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from steelyard.replay.report.figures import Subject
from steelyard.replay.report.machine import (
    ReportError,
    events_of,
    refuse_parquet,
    to_json,
    to_text,
    write_events,
    write_parquet,
    write_rows,
)
from steelyard.replay.report.table import print_table

__all__ = [
    "ReportError",
    "Subject",
    "print_table",
    "refuse_parquet",
    "to_json",
    "to_text",
    "write_parquet",
    "write_report",
]


def write_report(
    subjects: Sequence[Subject],
    folder: Path,
    *,
    command: str = "",
    parquet: bool = False,
    progress: Callable[[Path], None] | None = None,
) -> list[Path]:
    """Write everything about a replay into a folder.

    Args:
        subjects: The tokens; at least one, all on the same path.
        folder: Where; made if need be. Files of the same names are replaced.
        command: What was typed to make it.
        parquet: Write the tables as Parquet too.
        progress: Called with each file when it is written.

    Returns:
        The files: `report.html`, `tokens.png`, `risk.png`, `summary.json`, and for each token
        `LABEL.csv` (its bars) and `LABEL-events.csv`, the same as `.parquet` if wanted.

    Raises:
        ReportError: Parquet is wanted, and pyarrow is not installed.
    """
    if parquet:
        refuse_parquet()
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for file in _write(subjects, folder, command, parquet):
        written.append(file)
        if progress is not None:
            progress(file)
    return written


def _write(
    subjects: Sequence[Subject], folder: Path, command: str, parquet: bool
) -> Iterator[Path]:
    """Write file after file; what draws is only loaded here, it takes its time."""
    from steelyard.replay.report.page import page
    from steelyard.replay.report.pictures import write_pictures

    summary, html = folder / "summary.json", folder / "report.html"
    summary.write_text(to_text(subjects, command), encoding="utf-8")
    yield summary
    html.write_text(page(subjects, command), encoding="utf-8")
    yield html
    yield from write_pictures(subjects, folder)
    for subject in subjects:
        bars, events = folder / f"{subject.file}.csv", folder / f"{subject.file}-events.csv"
        write_rows(subject, bars)
        write_events(subject, events)
        yield from (bars, events)
        if parquet:
            tables = (bars, subject.result.frame()), (events, events_of(subject))
            for file, table in tables:
                write_parquet(table, file.with_suffix(".parquet"))
                yield file.with_suffix(".parquet")
