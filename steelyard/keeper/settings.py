"""What a keeper can be told: environment over a TOML file over defaults.

Amounts are in people's units here, as decimals and never as floats; `Settings.policy` turns them
into the chain's. Secrets come from the environment alone, and nothing prints them.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from steelyard.errors import SteelyardError
from steelyard.keeper.decide import Policy
from steelyard.keeper.types import GWEI

PREFIX = "STEELYARD_KEEPER_"
FILE_VARIABLE = f"{PREFIX}FILE"
SHORTEST_SECRET = 6
"""Characters; to blot out less would blot out ordinary words."""

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


class KeeperSettingsError(SteelyardError):
    """The settings cannot be used; names every key that is wrong, and the value of none."""


def _split(value: Any) -> Any:
    """A list as one text, separated by commas, as an environment variable has it."""
    return [part.strip() for part in value.split(",") if part.strip()] if _is_text(value) else value


def _exact(value: Any) -> Any:
    """A number of a TOML file as it was written."""
    return Decimal(repr(value)) if isinstance(value, float) else value


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _price(value: Any) -> Any:
    """A number, or else an address."""
    if isinstance(value, str) and not _ADDRESS.fullmatch(value):
        try:
            value = Decimal(value)
        except ArithmeticError:
            raise ValueError("neither a number nor an address") from None
    value = _exact(value)
    if isinstance(value, Decimal) and not (value.is_finite() and value >= 0):
        raise ValueError("a price is a number of zero or more")
    return value


Amount = Annotated[Decimal, BeforeValidator(_exact), Field(allow_inf_nan=False)]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


class Settings(BaseSettings):
    """Every setting of a keeper, with its unit and its default; `Settings.load` reads them."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    # ------------------------------------------------------------ WHERE

    rpc: SecretStr | None = Field(
        default=None, description="address of the node, http(s) or ws(s); secret"
    )
    private_key: SecretStr | None = Field(
        default=None,
        description="key of the account that sends, unless an ape account does; secret",
    )
    deployment: Path | None = Field(
        default=None, description="record of the deployment; none = the one of the node's chain id"
    )
    store: Path = Field(default=Path("keeper.sqlite"), description="file of the keeper's books")
    redis_url: SecretStr | None = Field(
        default=None, description="Redis for the books instead of the file; secret"
    )
    redis_lease: int = Field(
        default=60, ge=5, description="how long a dead worker holds the books, s"
    )

    # ------------------------------------------------------------ WHAT PAYS

    margin: Amount = Field(
        default=Decimal("1.2"), ge=1, le=100, description="factor on the cost of gas"
    )
    min_profit: Amount = Field(
        default=Decimal(0), description="least profit of a rebalance, collateral; may be negative"
    )
    emergency_floor: Amount = Field(
        default=Decimal(0),
        description="the same in an emergency, collateral; negative = accepted loss",
    )
    native_price: Annotated[Decimal | str | None, BeforeValidator(_price)] = Field(
        default=None,
        description="collateral per coin of the chain, or the address of an AggregatorV3 feed; "
        "nothing is sent without it",
    )
    native_price_max_age: int = Field(
        default=7_200, ge=1, description="oldest answer of that feed, s"
    )
    rebalance_gas: int = Field(
        default=180_000, ge=21_000, description="gas of a rebalance that was never measured"
    )
    sponsor: bool = Field(default=False, description="keep tokens in their band at a loss")
    sponsor_daily_budget: Amount = Field(
        default=Decimal(0), ge=0, description="most lost on that per UTC day, collateral"
    )
    sponsor_tokens: Names = Field(
        default=(), description="symbols and addresses it is for, separated by commas; none = all"
    )

    # ------------------------------------------------------------ TRANSACTIONS

    max_fee_gwei: Amount = Field(default=Decimal(200), gt=0, description="most paid per gas, gwei")
    confirmations: int = Field(
        default=2, ge=1, description="blocks until a receipt is booked for good"
    )
    bump_percent: int = Field(
        default=15, ge=13, le=100, description="how much more a replacement of a stuck one pays, %"
    )
    stuck_after: int = Field(default=30, ge=1, description="when a transaction counts as stuck, s")

    # ------------------------------------------------------------ WHAT ELSE IS DONE

    apply_config: bool = Field(default=True, description="apply configuration that is due")
    settle: bool = Field(default=True, description="settle tokens whose wind-down is finished")
    wind_down: bool = Field(default=False, description="start wind-downs that are due")
    liquidate: bool = Field(default=False, description="liquidate accounts of the mock venue")

    # ------------------------------------------------------------ WHEN IT STOPS BY ITSELF

    min_balance: Amount = Field(
        default=Decimal("0.01"),
        ge=0,
        description="least balance of the account, coins of the chain",
    )
    max_reverts: int = Field(default=3, ge=1, description="reverted transactions that stop it")
    revert_window: int = Field(
        default=600, ge=1, description="when they were, at most so long ago, s"
    )
    cool_off: int = Field(
        default=300, ge=1, description="how long it stops after reverts or a reorg, s"
    )
    max_reorg: int = Field(default=3, ge=1, description="blocks replaced that stop it")
    max_block_age: int = Field(default=60, ge=0, description="oldest head of the chain, s; 0 = any")

    # ------------------------------------------------------------ WATCHING IT

    metrics_host: str = Field(
        default="127.0.0.1", description="where /health, /ready and /metrics listen"
    )
    metrics_port: int = Field(
        default=9464, ge=0, le=65_535, description="the same; 0 = any free port"
    )
    max_step_age: int = Field(default=120, ge=1, description="when /health gives it up for dead, s")
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR")

    @classmethod
    def load(cls, file: Path | None = None) -> Settings:
        """Read the environment and a file.

        Args:
            file: TOML; None = $STEELYARD_KEEPER_FILE, if that is set.

        Raises:
            KeeperSettingsError: A key is unknown, or a value cannot be used.
        """
        named = os.environ.get(FILE_VARIABLE)
        file = file or (Path(named) if named else None)
        if file is not None and not file.is_file():
            raise KeeperSettingsError(f"no file {file}", "name a TOML file, or none")
        problems = _unknown(os.environ)
        try:
            if not problems:
                return _with_file(file)()
        except ValidationError as error:
            problems = [_problem(fault["loc"], fault["msg"]) for fault in error.errors()]
        except (SettingsError, ValueError) as error:
            raise KeeperSettingsError(f"{file or 'environment'}: {error}") from None
        raise KeeperSettingsError("; ".join(problems), "docs/keeper.md lists every setting")

    @field_validator("log_level")
    @classmethod
    def _is_level(cls, value: str) -> str:
        if value.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
            raise ValueError("neither DEBUG, INFO, WARNING nor ERROR")
        return value.upper()

    def policy(self, decimals: int) -> Policy:
        """Return what the keeper is willing to do, in chain units, rounded in its favour.

        Args:
            decimals: Of the collateral, count.
        """
        return Policy(
            margin=_units(self.margin, 18, ROUND_CEILING),
            min_profit=_units(self.min_profit, decimals, ROUND_CEILING),
            emergency_floor=_units(self.emergency_floor, decimals, ROUND_CEILING),
            max_fee=self.max_fee,
            rebalance_gas=self.rebalance_gas,
            sponsor_budget=self.sponsor_budget(decimals),
            sponsor_tokens=frozenset(map(_name, self.sponsor_tokens)),
        )

    def sponsor_budget(self, decimals: int) -> int:
        """Return what may be lost per UTC day, collateral units.

        Args:
            decimals: Of the collateral, count.
        """
        return _units(self.sponsor_daily_budget, decimals, ROUND_FLOOR) if self.sponsor else 0

    def fixed_native_price(self, decimals: int) -> int | None:
        """Return collateral units per 1e18 wei; None if a feed says it, or nobody.

        Args:
            decimals: Of the collateral, count.
        """
        price = self.native_price
        return _units(price, decimals, ROUND_CEILING) if isinstance(price, Decimal) else None

    @property
    def native_price_feed(self) -> str | None:
        """Address of the AggregatorV3 that says the price of the chain's coin."""
        return self.native_price if isinstance(self.native_price, str) else None

    @property
    def max_fee(self) -> int:
        """The most paid per gas, wei."""
        return int(self.max_fee_gwei * GWEI)

    @property
    def min_balance_wei(self) -> int:
        """The least balance, wei."""
        return _units(self.min_balance, 18, ROUND_CEILING)

    def secrets(self) -> tuple[str, ...]:
        """Return every text that no log may hold, longest first: keys, addresses and their parts.

        A provider's key is often the path of its address, and errors quote that without the rest.
        """
        found = {self.private_key.get_secret_value()} if self.private_key else set()
        found |= {text.removeprefix("0x") for text in found}
        for address in (self.rpc, self.redis_url):
            if address is not None:
                found |= set(_parts(address.get_secret_value()))
        return tuple(sorted((t for t in found if len(t) >= SHORTEST_SECRET), key=len, reverse=True))


def describe_settings() -> str:
    """Return a Markdown table of every setting: name, default, meaning with unit."""
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "" if field.default in (None, ()) else f"`{_shown(field.default)}`"
        rows.append(f"| `{name}` | {default} | {field.description} |")
    return "\n".join(rows)


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class _File(TomlConfigSettingsSource):
    """A TOML file without secrets: such files are copied, shown and committed."""

    def __call__(self) -> dict[str, Any]:
        values = super().__call__()
        for name in ("rpc", "private_key", "redis_url"):
            if name in values:
                raise ValueError(f"{name} is a secret: set {PREFIX}{name.upper()} instead")
        return values


def _with_file(file: Path | None) -> type[Settings]:
    """Settings that read a file too; no key of one ever reaches another process's."""
    if file is None:
        return Settings

    class SettingsOfFile(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, _File(settings_cls, toml_file=file)

    SettingsOfFile.__name__ = SettingsOfFile.__qualname__ = Settings.__name__
    return SettingsOfFile


def _unknown(environment: Mapping[str, str]) -> list[str]:
    """What is wrong with the names of the environment's variables."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | {FILE_VARIABLE}
    given = (name for name in environment if name.upper().startswith(PREFIX))
    return [
        f"{name}: unknown{_nearest(name, known)}" for name in given if name.upper() not in known
    ]


def _problem(location: tuple[int | str, ...], message: str) -> str:
    """One fault in words; the message of a key that does not exist names the nearest."""
    name = str(location[0]) if location else "settings"
    if message == "Extra inputs are not permitted":
        return f"{name}: unknown{_nearest(name, Settings.model_fields)}"
    return f"{name}: {message[:1].lower()}{message[1:]}"


def _nearest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f", did you mean {close[0]}?" if close else ""


def _name(name: str) -> str:
    """A symbol as it is, an address in lower case."""
    return name.lower() if _ADDRESS.fullmatch(name) else name


def _units(amount: Decimal, decimals: int, rounding: str) -> int:
    return int(amount.scaleb(decimals).to_integral_value(rounding))


def _parts(address: str) -> Iterable[str]:
    """A URL and what of it may be a key: password, path, query."""
    yield address
    parts = urlsplit(address)
    yield from (parts.username or "", parts.password or "", parts.query)
    yield from (parts.path.strip("/"), parts.path.rpartition("/")[2])
