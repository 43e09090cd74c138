"""The figures for machines: summary.json, and tables as CSV or Parquet."""

from __future__ import annotations

import importlib
import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pandas as pd

from steelyard.errors import SteelyardError
from steelyard.history.market import utc
from steelyard.replay.report.figures import Subject, details
from steelyard.replay.result import Event

_DIGITS = "%.12g"


class ReportError(SteelyardError):
    """A report that cannot be written here."""


def to_json(subjects: Sequence[Subject], command: str = "") -> dict[str, Any]:
    """Return everything a replay has to say, as `docs/replay.md` lists it.

    Args:
        subjects: The tokens; at least one, all on the same path.
        command: What was typed, for people.
    """
    path = subjects[0].result.path
    return {
        "history": {
            "name": path.name,
            "from": utc(int(path.time[0])),
            "to": utc(path.end),
            "bars": len(path),
            "step": path.step,
            "downtimes": [[utc(gap.start), utc(gap.end)] for gap in path.gaps],
        },
        "command": command,
        "tokens": [details(subject) for subject in subjects],
    }


def to_text(subjects: Sequence[Subject], command: str = "") -> str:
    """Return the same as text: standard JSON, without NaN or Infinity.

    Args:
        subjects: As for `to_json`.
        command: As there.
    """
    return json.dumps(to_json(subjects, command), indent=2, allow_nan=False) + "\n"


def write_rows(subject: Subject, file: Path) -> None:
    """Write a line for every bar, as `Result.frame` has it.

    Args:
        subject: Which.
        file: CSV.
    """
    subject.result.frame().to_csv(file, float_format=_DIGITS, date_format="%Y-%m-%dT%H:%M:%SZ")


def write_events(subject: Subject, file: Path) -> None:
    """Write a line for everything that happened, with the fields of `Event`.

    Args:
        subject: Which.
        file: CSV.
    """
    frame = events_of(subject)
    frame.to_csv(file, index=False, float_format=_DIGITS, date_format="%Y-%m-%dT%H:%M:%SZ")


def events_of(subject: Subject) -> pd.DataFrame:
    """Return everything that happened, with the fields of `Event`; time in UTC.

    Args:
        subject: Which.
    """
    names = [field.name for field in fields(Event)]
    frame = pd.DataFrame(map(asdict, subject.result.events), columns=names)
    frame["time"] = pd.to_datetime(frame["time"], unit="s", utc=True)
    return frame


def refuse_parquet() -> None:
    """Refuse to write Parquet where that cannot be done.

    Raises:
        ReportError: pyarrow is not installed, or does not fit the rest.
    """
    try:
        importlib.import_module("pyarrow")
    except ImportError as error:
        absent = isinstance(error, ModuleNotFoundError)
        why = "is not installed" if absent else f"does not start: {error}"
        raise ReportError(f"pyarrow {why}", "pip install 'steelyard[parquet]'") from error


def write_parquet(frame: pd.DataFrame, file: Path) -> None:
    """Write a table as Parquet, every digit of it, and its index if that has a name.

    Args:
        frame: The table.
        file: Parquet; replaced.

    Raises:
        ReportError: pyarrow is not installed.
    """
    refuse_parquet()
    frame.to_parquet(file, engine="pyarrow", index=frame.index.name is not None)
