"""A transaction: what it did is undone if it raises."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar

from steelyard.model.token.account import VaultAccount

Token = TypeVar("Token", bound=VaultAccount)
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def atomic(
    verb: Callable[Concatenate[Token, Arguments], Result],
) -> Callable[Concatenate[Token, Arguments], Result]:
    """Make a verb of a token leave nothing changed, here and at the venue, when it raises."""

    @functools.wraps(verb)
    def call(token: Token, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        with _undoing(token):
            return verb(token, *args, **kwargs)

    return call


@contextmanager
def _undoing(token: VaultAccount) -> Iterator[None]:
    """Undo what happens inside if it raises."""
    venue = token.exchange.markets[token.market]
    touched = [token, token.ledger, token.exchange, venue]
    if venue.guard is not None:
        touched.append(venue.guard)
    kept = [_fields(each) for each in touched]
    try:
        yield
    except Exception:
        for each, fields in zip(touched, kept, strict=True):
            for name, value in fields.items():
                setattr(each, name, value)
        raise


def _fields(each: object) -> dict[str, Any]:
    """Return the attributes of an object, those that change in place copied."""
    names = getattr(each, "__slots__", None) or vars(each)
    values = {name: getattr(each, name) for name in names}
    return {
        name: copy.copy(value) if isinstance(value, dict) else value
        for name, value in values.items()
    }
