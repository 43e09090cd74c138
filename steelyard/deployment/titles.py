"""What a transaction of a deployment does, in words."""

from __future__ import annotations

from typing import Any

from steelyard.deployment.values import people


class Titles:
    """Names what is deployed as it comes, and says what is done with it.

    >>> titles = Titles()
    >>> titles.deployed("MockUSD", (6,), "0xaa")
    >>> titles.deploying("MockAggregator", (8, "ETH / USD", 2_000))
    'deploy MockAggregator of ETH / USD'
    >>> titles.calling("0xaa", "mint", ("0x11", 20_000_000 * 10**6))
    'mint 20,000,000 mUSD'
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self._labels: dict[str, str] = {}
        self._decimals = 0
        self._markets = 0

    def deploying(self, contract: str, args: tuple[Any, ...]) -> str:
        """Return what a deployment does.

        Args:
            contract: Its name.
            args: Of its constructor.
        """
        return f"deploy {_label(contract, args)}"

    def found(self, contract: str, address: str) -> None:
        """Remember what is there already, hex str."""
        self._labels[address.lower()] = f"{contract} {address}"

    def deployed(self, contract: str, args: tuple[Any, ...], address: str) -> None:
        """Remember what is where, lower-case hex str."""
        self._labels[address] = _label(contract, args)
        if contract == "MockUSD":
            self._decimals = args[0]

    def label(self, address: str) -> str:
        """Return what an address is called: the address itself, if it is nothing of ours."""
        return self._labels.get(address.lower(), address)

    def calling(self, to: str, function: str, args: tuple[Any, ...]) -> str:
        """Return what a call does.

        Args:
            to: Address of the called contract.
            function: Its function.
            args: Decoded.
        """
        target = self.label(to)
        values: list[Any] = [
            self.label(value) if isinstance(value, str) else value for value in args
        ]
        if function in ("mint", "approve", "add_liquidity"):
            amount = f"{people(values[1], self._decimals)} mUSD"
            what = {
                "mint": f"mint {amount}",
                "approve": f"let {values[0]} take {amount}",
                "add_liquidity": f"put {amount} into market {values[0]}",
            }
            return what[function]
        if function == "create_token":
            return f"create {args[0][1]} with a seed of {people(args[1], self._decimals)} mUSD"
        what = {
            "add_market": "add market {market}, priced by {feed}",
            "set_price_guard": "guard the price of market {values[0]}",
            "set_guardian": "make {who} guardian",
            "transfer_ownership": "offer {target} to {who}",
        }
        words: dict[str, Any] = {"target": target, "function": function, "values": values}
        if args and isinstance(args[0], str):
            words["who"] = f"{args[0][:6]}...{args[0][-4:]}"
        if function == "add_market":
            # The feed's address is on top of the first word, see market_words.vy.
            words |= {"feed": self.label(f"0x{args[0][0] >> 96:040x}"), "market": self._markets}
            self._markets += 1
        return what.get(function, "{target}.{function}").format(**words)


def _label(contract: str, args: tuple[Any, ...]) -> str:
    return f"{contract} of {args[1]}" if contract == "MockAggregator" else contract
