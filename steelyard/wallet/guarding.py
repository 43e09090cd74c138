"""Runs a command so that whatever goes wrong ends as a message and an exit code."""

from __future__ import annotations

import json
from collections.abc import Callable

import click

from steelyard.errors import SteelyardError
from steelyard.wallet.errors import Aborted
from steelyard.wallet.troubles import DONE, USAGE, Trouble, trouble_of


def run_guarded(body: Callable[[], object], as_json: bool) -> int:
    """Run a command, tell what goes wrong on standard error, and return its exit code.

    What nobody has foreseen passes through, with its traceback.

    Args:
        body: The command.
        as_json: Whether trouble is told as JSON.

    Raises:
        click.UsageError: Of click, for people; it shows the usage with it.
    """
    try:
        body()
    except SteelyardError as error:
        return _tell(trouble_of(error), as_json)
    except click.UsageError as error:
        if not as_json:
            raise
        return _tell(Trouble("usage", USAGE, error.format_message()), as_json)
    except (KeyboardInterrupt, click.Abort):
        return _tell(trouble_of(Aborted("stopped: nothing was sent")), as_json)
    return DONE


def _tell(trouble: Trouble, as_json: bool) -> int:
    said = json.dumps(trouble.to_dict()) if as_json else f"Error: {trouble.message}"
    click.echo(said, err=True)
    return trouble.exit_code
