"""What the contracts would refuse of a configuration, found before anything is sent.

The whole deployment is played in the process. When a contract refuses, fields of the configuration
are left out until it does not: that says which one is to blame, and the search goes on without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from steelyard.deployment.markets import DeploymentError
from steelyard.deployment.plan import Plan, make_plan
from steelyard.deployment.resolving import system_config
from steelyard.deployment.spec import DeploymentSpec, ParameterSpec, RulesSpec, SpecError
from steelyard.deployment.stand_in import Round
from steelyard.deployment.values import people

Play = Callable[[DeploymentSpec], str | None]
"""Plays a configuration; returns why it is refused, None if it is not."""

_OPTIONAL = {
    "markets": ("liquidity", "guard"),
    "tokens": ("name", "seed", "initial_nav", "mint_fee", "redeem_fee", "management_fee", "cap"),
}
_NESTED = {"markets": ("parameters", ParameterSpec()), "tokens": ("rules", RulesSpec())}


def checked_plan(
    spec: DeploymentSpec,
    *,
    chain_id: int,
    deployer: str,
    nonce: int,
    timestamp: int,
    live: Mapping[str, Round],
) -> Plan:
    """Make the plan of a configuration, or say everything that stands in its way.

    Args:
        spec: The configuration.
        chain_id: As in `make_plan`.
        deployer: As in `make_plan`.
        nonce: As in `make_plan`.
        timestamp: As in `make_plan`.
        live: As in `make_plan`.

    Raises:
        SpecError: With all problems, each with the path of its field.
    """

    def make(tried: DeploymentSpec) -> Plan:
        return make_plan(
            system_config(tried),
            chain_id=chain_id,
            deployer=deployer,
            nonce=nonce,
            timestamp=timestamp,
            live=live,
        )

    def play(tried: DeploymentSpec) -> str | None:
        try:
            make(tried)
        except SpecError:
            raise
        except DeploymentError as error:
            return in_people_units(str(error))
        return None

    try:
        return make(spec)
    except SpecError:
        raise
    except DeploymentError as error:
        raise SpecError(list(_problems(spec, play)) or [str(error)]) from error


def in_people_units(text: str) -> str:
    """Write units of 1e-18 in a message as configurations have them.

    >>> in_people_units("set max_leverage between 1e18 and 100e18, fees to 5e16 or less")
    'set max_leverage between 1 and 100, fees to 0.05 or less'
    """
    text = re.sub(r"\b(\d+) \(WAD\)", lambda match: people(int(match[1])), text)
    return re.sub(
        r"\b(\d+)e(1[4-9]|2\d)\b", lambda match: people(int(match[1]) * 10 ** int(match[2])), text
    )


def _problems(spec: DeploymentSpec, play: Play) -> Iterator[str]:
    """Yield what is refused, one market or token after the other."""
    whole = spec
    spec = whole.model_copy(update={"markets": (), "tokens": ()})
    for part in ("markets", "tokens"):
        for index, entry in enumerate(getattr(whole, part)):
            if part == "tokens" and not _has_market(spec, entry.symbol, entry.market):
                continue  # its market was refused, which was said
            while (reason := play(_with(spec, part, entry))) is not None:
                path, entry = _blame(spec, part, entry, reason, play)
                yield f"{part}[{index}]{path}: {reason}"
                if entry is None:
                    break
            if entry is not None:
                spec = _with(spec, part, entry)


def _blame(spec: DeploymentSpec, part: str, entry: Any, reason: str, play: Play) -> tuple[str, Any]:
    """Return the path of the field to blame, and the entry without it; None if it is no field."""
    for path, without in _lesser(part, entry):
        if play(_with(spec, part, without)) != reason:
            return path, without
    return "", None


def _lesser(part: str, entry: Any) -> Iterator[tuple[str, Any]]:
    """Yield an entry without each of its fields, then without its whole nested part."""
    nested, empty = _NESTED[part]
    inner: BaseModel = getattr(entry, nested)
    for name in type(inner).model_fields:
        if getattr(inner, name) is not None:
            less = inner.model_copy(update={name: None})
            yield f".{nested}.{name}", entry.model_copy(update={nested: less})
    for name in _OPTIONAL[part]:
        if getattr(entry, name) is not None:
            yield f".{name}", entry.model_copy(update={name: None})
    yield f".{nested}", entry.model_copy(update={nested: empty})


def _with(spec: DeploymentSpec, part: str, entry: Any) -> DeploymentSpec:
    return spec.model_copy(update={part: (*getattr(spec, part), entry)})


def _has_market(spec: DeploymentSpec, symbol: str, market: str | None) -> bool:
    return any(
        market == known.symbol or (market is None and symbol.startswith(known.symbol))
        for known in spec.markets
    )
