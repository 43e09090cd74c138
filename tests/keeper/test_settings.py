"""The keeper's settings: where they come from, what is refused, and that no secret is shown."""

import json
import logging
import os
from decimal import Decimal
from pathlib import Path

import pytest

from steelyard.keeper.decide import Policy
from steelyard.keeper.settings import (
    FILE_VARIABLE,
    PREFIX,
    KeeperSettingsError,
    Settings,
    describe_settings,
)
from steelyard.keeper.types import GWEI
from steelyard.model.arithmetic import WAD

KEY = "0x" + "c0ffee" * 10 + "beef"
RPC = "https://user:hunter22@node.example/v2/abcdefgh12345?token=qwertyuiop"
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "keeper.md"


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    for name in os.environ:
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)


@pytest.fixture
def env(monkeypatch):
    def put(**values):
        for name, value in values.items():
            monkeypatch.setenv(PREFIX + name.upper(), value)

    return put


@pytest.fixture
def toml(tmp_path):
    def write(text):
        path = tmp_path / "keeper.toml"
        path.write_text(text)
        return path

    return write


def refusal(file=None):
    with pytest.raises(KeeperSettingsError) as caught:
        Settings.load(file)
    return str(caught.value)


HELP = " (docs/keeper.md lists every setting)"

# ---------------------------------------------------------------- SOURCES


def test_defaults_need_nothing():
    settings = Settings.load()
    assert (settings.margin, settings.confirmations, settings.sponsor) == (Decimal("1.2"), 2, False)
    assert (settings.apply_config, settings.settle) == (True, True)
    assert (settings.liquidate, settings.wind_down) == (False, False)
    assert settings.policy(6) == Policy()


def test_environment_comes_before_the_file_and_that_before_defaults(env, toml):
    file = toml("margin = 1.5\nmin_profit = 2.25\nsponsor_tokens = ['BTC3L']")
    env(min_profit="3.5", sponsor_tokens="ETH3L, 0xAB" + "cd" * 19)
    settings = Settings.load(file)
    assert settings.margin == Decimal("1.5")
    assert settings.min_profit == Decimal("3.5")
    assert settings.sponsor_tokens == ("ETH3L", "0xAB" + "cd" * 19)
    assert settings.stuck_after == 30


def test_file_named_by_the_environment(monkeypatch, toml):
    monkeypatch.setenv(FILE_VARIABLE, str(toml("stuck_after = 77")))
    assert Settings.load().stuck_after == 77


def test_file_of_one_load_is_not_read_by_the_next(toml):
    assert Settings.load(toml("stuck_after = 77")).stuck_after == 77
    assert Settings.load().stuck_after == 30


def test_numbers_of_a_file_are_taken_as_written(toml):
    assert Settings.load(toml("min_profit = 0.1")).min_profit == Decimal("0.1")


# ---------------------------------------------------------------- REFUSED


def test_unknown_key_of_the_environment_is_named(env):
    env(min_proft="1")
    name = "STEELYARD_KEEPER_MIN_PROFT"
    assert refusal() == f"{name}: unknown, did you mean STEELYARD_KEEPER_MIN_PROFIT?{HELP}"


def test_unknown_key_of_a_file_is_named(toml):
    file = toml("min_proft = 1\nzzz = 2")
    assert refusal(file) == f"min_proft: unknown, did you mean min_profit?; zzz: unknown{HELP}"


def test_value_out_of_bounds_is_named_but_not_shown(env):
    env(bump_percent="12", max_fee_gwei="nan", log_level="loud")
    text = refusal()
    assert "bump_percent: input should be greater than or equal to 13" in text
    assert "max_fee_gwei: input should be a finite number" in text
    assert "log_level: value error, neither DEBUG, INFO, WARNING nor ERROR" in text
    assert "loud" not in text


@pytest.mark.parametrize("price", ["0x12", "cheap", "-1", "inf"])
def test_coin_price_is_a_number_or_an_address(env, price):
    env(native_price=price)
    assert refusal().startswith("native_price: value error, ")


def test_missing_file_is_an_error(tmp_path):
    assert (
        refusal(tmp_path / "no.toml")
        == f"no file {tmp_path / 'no.toml'} (name a TOML file, or none)"
    )


def test_file_that_is_no_toml_is_an_error(toml):
    file = toml("margin = ")
    assert refusal(file) == f"{file}: Invalid value (at end of document)"


@pytest.mark.parametrize("name", ["rpc", "private_key", "redis_url"])
def test_secret_in_a_file_is_refused(toml, name):
    text = refusal(toml(f"{name} = '{KEY}'"))
    assert text.endswith(f"{name} is a secret: set {PREFIX}{name.upper()} instead")
    assert KEY not in text


# ---------------------------------------------------------------- CHAIN UNITS


def test_policy_is_rounded_in_the_keepers_favour(env):
    env(margin="1.25", min_profit="0.1234567", emergency_floor="-0.1234567", max_fee_gwei="1.5")
    env(sponsor="true", sponsor_daily_budget="9.9999999", sponsor_tokens="BTC3L,0x" + "AB" * 20)
    assert Settings.load().policy(6) == Policy(
        margin=125 * WAD // 100,
        min_profit=123_457,
        emergency_floor=-123_456,
        max_fee=3 * GWEI // 2,
        sponsor_budget=9_999_999,
        sponsor_tokens=frozenset({"BTC3L", "0x" + "ab" * 20}),
    )


def test_budget_without_sponsoring_is_none(env):
    env(sponsor_daily_budget="5")
    assert Settings.load().policy(6).sponsor_budget == 0


def test_coin_price_fixed_or_of_a_feed(env):
    assert (Settings.load().fixed_native_price(6), Settings.load().native_price_feed) == (
        None,
        None,
    )
    env(native_price="3000.5")
    settings = Settings.load()
    assert (settings.fixed_native_price(6), settings.native_price_feed) == (3_000_500_000, None)
    env(native_price="0x" + "ab" * 20)
    settings = Settings.load()
    assert (settings.fixed_native_price(6), settings.native_price_feed) == (None, "0x" + "ab" * 20)


def test_coin_price_of_a_file(toml):
    assert Settings.load(toml("native_price = 3000.5")).fixed_native_price(6) == 3_000_500_000
    assert Settings.load(toml("native_price = 0")).fixed_native_price(6) == 0


def test_least_balance_in_wei(env):
    env(min_balance="0.25")
    assert Settings.load().min_balance_wei == WAD // 4


# ---------------------------------------------------------------- SECRETS


def test_secrets_are_never_shown(env, caplog):
    env(private_key=KEY, rpc=RPC, redis_url="redis://:swordfish1@127.0.0.1/0")
    settings = Settings.load()
    logging.getLogger("test").warning("settings %s", settings)
    dump = json.dumps(settings.model_dump(mode="json"))
    for shown in (repr(settings), str(settings), settings.model_dump_json(), dump, caplog.text):
        assert "rpc" in shown
        for secret in settings.secrets():
            assert secret not in shown


def test_secrets_are_all_there_is_to_blot_out(env):
    env(private_key=KEY, rpc=RPC)
    secrets = Settings.load().secrets()
    assert {KEY, KEY[2:], RPC, "hunter22", "v2/abcdefgh12345", "token=qwertyuiop"} <= set(secrets)
    assert list(secrets) == sorted(secrets, key=len, reverse=True)
    assert all(len(secret) >= 6 for secret in secrets)


def test_wrong_secret_is_not_in_the_error(env):
    env(rpc=RPC, max_reverts="0")
    assert refusal() == f"max_reverts: input should be greater than or equal to 1{HELP}"


# ---------------------------------------------------------------- DOCUMENTED


def test_every_setting_is_documented():
    assert all(field.description for field in Settings.model_fields.values())
    assert describe_settings() in DOCUMENT.read_text()
