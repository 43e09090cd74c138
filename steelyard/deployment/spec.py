"""The configuration of a deployment, as people write it: one typed YAML file.

Amounts are exact decimals in people's units (dollars, coins, ratios: 0.0006 for 0.06 %), times
durations. What a file leaves out is as `default_market` and `default_token` have it. Units and
meanings of the fields are those of interfaces/IMarketParameters.vyi, interfaces/IPriceGuard.vyi,
interfaces/ILeveragedTokenFactory.vyi and interfaces/IRebalancePolicy.vyi; config/local.yaml is an
example. `read_spec` reports every problem at once, each with the path of its field.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from steelyard.deployment.markets import DeploymentError
from steelyard.deployment.values import Address, Amount, Count, Duration, Switch, Text
from steelyard.deployment.yaml_text import YamlProblem, load_yaml


class SpecError(DeploymentError):
    """A configuration with problems.

    Attributes:
        problems: One line each, `path: what is wrong`.
    """

    def __init__(self, problems: Sequence[str], source: str = "") -> None:
        """Join the problems."""
        self.problems = tuple(problems)
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        head = f"{source or 'the configuration'} has {count}, nothing was sent:"
        super().__init__("\n".join([head, *(f"  {problem}" for problem in problems)]))


class _Spec(BaseModel):
    """A part of the configuration: no field that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def given(self, *leave: str) -> dict[str, Any]:
        """Return the fields that the file has, but for those to leave."""
        return {
            name: getattr(self, name)
            for name in type(self).model_fields
            if name not in leave and getattr(self, name) is not None
        }


class CollateralSpec(_Spec):
    """The test dollar."""

    decimals: Count = 6


class FeedSpec(_Spec):
    """Where a price comes from: a mock with a first `price`, or a `chainlink` feed."""

    price: Amount | None = None
    chainlink: Address | None = None
    description: Text | None = None
    decimals: Count = 8


class ParameterSpec(_Spec):
    """Parameters of a market that are not as `default_market` has them."""

    max_age: Duration | None = None
    skew_scale: Amount | None = None
    max_funding_velocity: Amount | None = None
    max_funding_rate: Amount | None = None
    maker_fee: Amount | None = None
    taker_fee: Amount | None = None
    max_leverage: Amount | None = None
    maintenance_ratio: Amount | None = None
    liquidation_fee_ratio: Amount | None = None
    liquidation_premium: Amount | None = None
    min_keeper_fee: Amount | None = None
    max_keeper_fee: Amount | None = None
    min_margin: Amount | None = None
    max_long: Amount | None = None
    max_short: Amount | None = None
    max_notional: Amount | None = None
    reserve_factor: Amount | None = None
    liquidation_cap: Amount | None = None
    seize_remainder: Switch | None = None
    liquidate_when_paused: Switch | None = None


class GuardSpec(_Spec):
    """Further checks of a market's price; what is left out is off."""

    sequencer: Address | None = None
    grace_period: Duration | None = None
    reference: Address | None = None
    reference_max_age: Duration | None = None
    max_deviation: Amount | None = None
    max_jump: Amount | None = None
    jump_window: Duration | None = None
    min_price: Amount | None = None
    max_price: Amount | None = None


class MarketSpec(_Spec):
    """A market of the mock exchange."""

    symbol: Text
    feed: FeedSpec
    liquidity: Amount | None = None
    parameters: ParameterSpec = ParameterSpec()
    guard: GuardSpec | None = None


class RulesSpec(_Spec):
    """Rules of a token that are not as `default_token` has them."""

    target: Amount | None = None
    leverage_lo: Amount | None = None
    leverage_hi: Amount | None = None
    emergency_leverage: Amount | None = None
    recentering: Amount | None = None
    min_drift: Amount | None = None
    max_slippage: Amount | None = None
    emergency_slippage: Amount | None = None
    min_rate: Amount | None = None
    max_rate: Amount | None = None
    max_reward: Amount | None = None
    trade_share: Amount | None = None
    cost_budget: Amount | None = None
    boundary: Duration | None = None
    window: Duration | None = None
    scheduled: Switch | None = None
    auction_duration: Duration | None = None
    cooldown: Duration | None = None
    reference: Address | None = None
    reference_max_age: Duration | None = None
    max_deviation: Amount | None = None


class TokenSpec(_Spec):
    """A leveraged token; its symbol says market and kind unless they are given."""

    symbol: Text
    name: Text | None = None
    market: Text | None = None
    kind: Text | None = None
    seed: Amount | None = None
    initial_nav: Amount | None = None
    mint_fee: Amount | None = None
    redeem_fee: Amount | None = None
    management_fee: Amount | None = None
    cap: Amount | None = None
    rules: RulesSpec = RulesSpec()


class RolesSpec(_Spec):
    """Who gets what; what is left out stays with who deploys, or with nobody."""

    owner: Address | None = None
    guardian: Address | None = None
    fee_receiver: Address | None = None


class DeploymentSpec(_Spec):
    """Everything there is to deploy.

    Attributes:
        chain_id: Of the one chain it is for; any, if it does not say.
        collateral: The test dollar.
        markets: In the order of their ids.
        tokens: In the order of their creation.
        roles: Who gets what.

    Example:
        >>> spec = parse_spec({"markets": [{"symbol": "ETH", "feed": {"price": "2000"}}]})
        >>> spec.markets[0].feed.price, spec.collateral.decimals
        (Decimal('2000'), 6)
        >>> parse_spec({"markets": [{"symbol": "ETH", "feed": {"price": "2e-19"}}]})
        Traceback (most recent call last):
        steelyard.deployment.spec.SpecError: the configuration has 1 problem, nothing was sent:
          markets[0].feed.price: 2e-19 has more than 18 decimals
    """

    chain_id: Count | None = None
    collateral: CollateralSpec = CollateralSpec()
    markets: tuple[MarketSpec, ...]
    tokens: tuple[TokenSpec, ...] = ()
    roles: RolesSpec = RolesSpec()

    def document(self) -> dict[str, Any]:
        """Return it for JSON; `parse_spec` reads that."""
        return self.model_dump(mode="json", exclude_none=True, exclude_defaults=True)

    def digest(self) -> str:
        """Return a hash of what it says, whatever its comments and layout."""
        text = json.dumps(self.document(), sort_keys=True, separators=(",", ":"))
        return "0x" + hashlib.sha256(text.encode()).hexdigest()


def read_spec(path: Path) -> DeploymentSpec:
    """Read a configuration.

    Args:
        path: A YAML file.

    Raises:
        SpecError: With all problems of its form; `system_config` finds those of its meaning.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError([f"cannot be read: {error}"], path.as_posix()) from error
    try:
        document = load_yaml(text)
    except YamlProblem as problem:
        raise SpecError([str(problem)], path.as_posix()) from None
    return parse_spec(document, path.as_posix())


def parse_spec(document: Any, source: str = "") -> DeploymentSpec:
    """Check the form of a configuration.

    Args:
        document: As `document` of a spec returns it, or a YAML file has it; values may be texts.
        source: What to call it in messages.

    Raises:
        SpecError: With all problems of its form.
    """
    if not isinstance(document, Mapping):
        raise SpecError(["is no mapping: it needs at least `markets:`"], source)
    try:
        return DeploymentSpec.model_validate(document)
    except ValidationError as error:
        raise SpecError([_problem(item) for item in error.errors()], source) from None


def field_path(location: Iterable[int | str]) -> str:
    """Return the path of a field as messages have it.

    >>> field_path(["markets", 0, "feed", "price"])
    'markets[0].feed.price'
    """
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _problem(item: Any) -> str:
    """Say in one line what pydantic found."""
    path, kind, value = field_path(item["loc"]), item["type"], item["input"]
    if kind == "missing":
        return f"{path}: is missing"
    if kind == "extra_forbidden":
        known = _fields(item["loc"][:-1])
        close = difflib.get_close_matches(str(item["loc"][-1]), known, 1)
        hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"
        return f"{path}: unknown field ({hint})"
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return f"{path}: {value!r} is no mapping of fields"
    if kind in ("tuple_type", "list_type"):
        return f"{path}: {value!r} is no list: begin each entry with a dash"
    return f"{path}: {item['msg']}"


def _fields(location: Sequence[int | str]) -> list[str]:
    """Return the fields that a part of the configuration knows."""
    model: type[BaseModel] = DeploymentSpec
    for part in location:
        if isinstance(part, str):
            model = _PARTS[part]
    return list(model.model_fields)


_PARTS: dict[str, type[BaseModel]] = {
    "collateral": CollateralSpec,
    "markets": MarketSpec,
    "feed": FeedSpec,
    "parameters": ParameterSpec,
    "guard": GuardSpec,
    "tokens": TokenSpec,
    "rules": RulesSpec,
    "roles": RolesSpec,
}
