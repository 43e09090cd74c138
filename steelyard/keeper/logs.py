"""One JSON object a line, and no secret in any."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

LOGGER = "steelyard.keeper"
"""Name of the logger above all of the keeper's."""

REDACTED = "[secret]"

# What every record has; all else was given as `extra` and belongs to the line.
_ORDINARY = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """Records as lines of JSON: time, level, logger, message, `extra` fields, error.

    Integers beyond what every reader of JSON can take are written as text.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """Blot out secrets, wherever they come from: libraries quote addresses in their errors.

        Args:
            secrets: Texts that no line may hold, longest first, as `Settings.secrets` says.
        """
        super().__init__()
        self._secrets = tuple(secrets)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record.

        Args:
            record: Any; one whose arguments do not fit its message is written as it is.
        """
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        extra = {key: value for key, value in vars(record).items() if key not in _ORDINARY}
        line |= {key: value for key, value in extra.items() if key not in line}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(self._clean(line), ensure_ascii=False)

    def _clean(self, value: object) -> object:
        """What is written of a value: plain JSON without secrets."""
        if isinstance(value, dict):
            cleaned = {str(key): self._clean(item) for key, item in value.items()}
            return {redact(key, self._secrets): item for key, item in cleaned.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._clean(item) for item in value]
        if value is None or isinstance(value, bool | float):
            return value
        if isinstance(value, int) and abs(value) < 2**53:
            return int(value)
        return redact(str(value), self._secrets)


def redact(text: str, secrets: Iterable[str]) -> str:
    """Return a text with every secret blotted out.

    Args:
        text: Any.
        secrets: What it may not hold, longest first.

    >>> redact("POST https://node/v2/abcdefgh failed", ["v2/abcdefgh", "abcdefgh"])
    'POST https://node/[secret] failed'
    """
    for secret in secrets:
        text = text.replace(secret, REDACTED)
    return text


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        return f"{record.msg} {record.args}"


def start_logging(
    level: str = "INFO", secrets: Iterable[str] = (), stream: TextIO | None = None
) -> logging.Handler:
    """Write what the keeper and the libraries below it log, as lines of JSON.

    Args:
        level: Of the keeper's own records; libraries are heard from WARNING up.
        secrets: Texts that no line may hold.
        stream: Where to; None = standard error.

    Returns:
        The handler, of the root logger; a second start takes the place of the first.
    """
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h.formatter, JsonFormatter)]:
        root.removeHandler(handler)
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter(secrets))
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger(LOGGER).setLevel(level)
    return handler
