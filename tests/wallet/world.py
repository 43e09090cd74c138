"""The wallet's commands as a person gives them, against a system on a real node."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from click.testing import CliRunner, Result

from scripts.wallet import cli
from steelyard.book import Deployment, write_deployment
from steelyard.devnet.settings import known_accounts
from tests.chain.bad_node import Act, BadNode, Handler
from tests.sdk.world import RICH, World

ME, OTHER = known_accounts()[1], known_accounts()[2]


@dataclass
class Person:
    """Somebody with TEST::1, at a prompt.

    Attributes:
        world: The system.
        record: Path of its record.
        url: Of the node that is asked.
    """

    world: World
    record: Path
    url: str

    def run(self, *args: str, answer: str = "", account: bool = True, network: str = "") -> Result:
        """Give a command, and answer its question."""
        network = network or f":devnet:{self.url}"
        more = ["--network", network, "--deployment", str(self.record)]
        if account and args[0] not in ("tokens", "show", "balance", "history"):
            more += ["--account", ME.alias]
        return CliRunner(mix_stderr=False).invoke(cli, [*args, *more], input=answer)

    def json(self, *args: str) -> Any:
        """Give a command that is done, and return its JSON."""
        done = self.run(*args, "--json", *self._yes(args))
        assert (done.exit_code, done.stderr) == (0, ""), done.stderr
        return json.loads(done.stdout)

    def refused(self, *args: str, answer: str = "") -> dict[str, Any]:
        """Give a command that is refused, and return the error's JSON."""
        done = self.run(*args, "--json", *([] if answer else self._yes(args)), answer=answer)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert done.stdout == ""
        error: dict[str, Any] = json.loads(done.stderr.splitlines()[-1])["error"]
        assert error["exit_code"] == done.exit_code
        return error

    def _yes(self, args: tuple[str, ...]) -> list[str]:
        sends = args[0] in ("mint", "redeem", "transfer", "rebalance", "faucet")
        return ["--yes"] if sends and "--dry-run" not in args else []

    @property
    def nonce(self) -> int:
        """How many transactions the account has sent."""
        return self.world.chain.nonce(ME.address)

    def shares(self, symbol: str = "ETH3L", account: str = ME.address) -> int:
        """Return what an account holds."""
        return int(self.world.steelyard().token(symbol).holder(account).raw.balance)

    def dollars(self) -> int:
        """Return its collateral."""
        return int(self.world.steelyard().token("ETH3L").holder(ME.address).raw.asset_balance)


def person(world: World, folder: Path, record: Deployment | None = None) -> Person:
    """Return somebody with a hundred thousand dollars."""
    path = folder / "record.json"
    write_deployment(record or honest(world.record), path)
    world.send(world.system.usd, "mint", ME.address, RICH)
    return Person(world, path, world.url)


def honest(record: Deployment) -> Deployment:
    """Return the record without blocks of which that world does not know better: for histories."""
    contracts = {
        name: contract.model_copy(update={"block": 0})
        for name, contract in record.contracts.items()
    }
    return record.model_copy(update={"contracts": contracts, "tokens": {}})


# ---------------------------------------------------------------- BETWEEN


class Between(BadNode):
    """Hands every question on to a node, but for those that something else is to be done with."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.acts = _Default(forward(url))


class _Default(dict[str, list[Act]]):
    def __init__(self, act: Act) -> None:
        super().__init__()
        self._act = act

    def get(self, method: str, default: Any = None) -> list[Act]:
        """Return what to do with a question."""
        return super().get(method) or [self._act]


def forward(url: str, first: Callable[[], object] | None = None) -> Act:
    """Hand a question on, after doing something else first."""

    def act(handler: Handler, question: dict[str, Any]) -> None:
        if first is not None:
            first()
        handler.answer(requests.post(url, json=question, timeout=30).content)

    return act
