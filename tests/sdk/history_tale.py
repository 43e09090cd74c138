"""Made-up events of a token: what a test wants to have happened, without a chain."""

from __future__ import annotations

from dataclasses import asdict
from types import SimpleNamespace
from typing import Any, NamedTuple

from steelyard.contract import ZERO_ADDRESS
from steelyard.evm import address
from steelyard.model.arithmetic import WAD
from steelyard.model.policy import Rules
from steelyard.sdk.history import History
from steelyard.sdk.history.events import Happened
from steelyard.sdk.history.replay import play

FACTORY, OWNER, KEEPER, FEES = map(address, ("factory", "owner", "keeper", "fees"))
ALICE, BOB = address("alice"), address("bob")
USD = 10**6
START = 1_700_000_000
TRADE = {"fill_price": 100 * WAD, "fee": 0, "price": 100 * WAD}


class Config(NamedTuple):
    """A TokenConfig as TokenCreated tells it."""

    rules: Any
    mint_fee: int
    redeem_fee: int
    management_fee: int
    cap: int
    fee_receiver: str


def config(**changes: Any) -> Config:
    """No fees but those that are asked for."""
    rules = Rules(3 * WAD, 2 * WAD, 4 * WAD, 5 * WAD)
    named = NamedTuple("Rules", [(name, Any) for name in asdict(rules)])(**asdict(rules))
    kept = {"mint_fee": 0, "redeem_fee": 0, "management_fee": 0, "fee_receiver": FEES}
    return Config(rules=named, cap=400 * WAD, **kept | changes)


class Tale:
    """Events one after the other, each in a block of its own unless told otherwise.

    It begins with a seed of 300 dollars at 100: six times the underlying, 3x long, three shares.
    """

    def __init__(self, **changes: Any) -> None:
        self.block, self.index, self.tx, self.time = 10, 0, 1, START
        self.events: list[Happened] = []
        self.size, self.margin = 9 * WAD, 300 * WAD
        self.traded(300 * USD, 9 * WAD, 300 * WAD)
        self.say("Transfer", sender=ZERO_ADDRESS, receiver=FACTORY, value=3 * WAD)
        made = {"seed_assets": 300 * USD, "seed_shares": 3 * WAD, "creator": OWNER}
        self.say("TokenCreated", config=config(**changes), **made)
        self.created = self.events.pop()
        self.next()

    def next(self, seconds: int = 0) -> Tale:
        """Go to the next block, and let time pass."""
        self.block, self.index, self.tx, self.time = self.block + 1, 0, self.tx + 1, self.time + 1
        self.time += max(seconds - 1, 0)
        return self

    def say(self, name: str, **values: Any) -> Tale:
        """Let an event happen."""
        self.events.append(
            Happened(
                name=name,
                values=SimpleNamespace(**values),
                block=self.block,
                index=self.index,
                timestamp=self.time,
                tx=f"0x{self.tx:064x}",
            )
        )
        self.index += 1
        return self

    def traded(self, assets: int, size_delta: int, margin: int, **changes: Any) -> Tale:
        """A PositionModified that leaves a margin, at 100 unless told otherwise."""
        values = {**TRADE, "basis": changes.get("price", 100 * WAD), **changes}
        delta = {"asset_delta": assets, "size_delta": size_delta}
        return self.say("PositionModified", **delta, margin=margin, **values)

    def minted(self, who: str, shares: int) -> Tale:
        """The Transfer of new shares."""
        return self.say("Transfer", sender=ZERO_ADDRESS, receiver=who, value=shares)

    def deposit(self, who: str, assets: int, shares: int, margin: int, **changes: Any) -> Tale:
        """A whole deposit; it leaves a margin."""
        self.traded(assets, changes.pop("size_delta", 3 * shares), margin, **changes)
        self.minted(who, shares)
        return self.say("Deposit", sender=who, owner=who, assets=assets, shares=shares)

    def burned(self, who: str, assets: int, shares: int) -> Tale:
        """The events of a redemption that come before its trade."""
        self.say("Transfer", sender=who, receiver=ZERO_ADDRESS, value=shares)
        names = {"sender": who, "receiver": who, "owner": who}
        return self.say("Withdraw", **names, assets=assets, shares=shares)

    def redeem(self, who: str, assets: int, shares: int, margin: int, **changes: Any) -> Tale:
        """A whole redemption; it leaves a margin."""
        self.burned(who, assets, shares)
        return self.traded(-assets, changes.pop("size_delta", -3 * shares), margin, **changes)

    def transfer(self, sender: str, receiver: str, shares: int) -> Tale:
        """Shares go from one to another."""
        return self.say("Transfer", sender=sender, receiver=receiver, value=shares)

    def claimed(self, shares: int) -> Tale:
        """Fee shares are minted."""
        return self.minted(FEES, shares).say("FeesClaimed", receiver=FEES, shares=shares)

    def told(self) -> History:
        """The history that the events tell."""
        records = tuple(play(self.created, self.events, 6))
        last = self.events[-1].block
        return History(
            token="0x" + "11" * 20,
            symbol="TALE3L",
            decimals=6,
            born=10,
            first=10,
            last=last,
            last_hash="0x" + "22" * 32,
            all=records,
        )
