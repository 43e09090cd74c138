"""What the keeper sees: every token, and what gas costs, all of one block.

Nothing here trusts the node: a block older than one that was seen, a token state of another block,
a chain that is not the one of the deployment, each is an error and not a view of the market.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from steelyard.abis import load_abi
from steelyard.book import Deployment
from steelyard.chain import Block, Chain, ChainContract, ChainError, NodeError
from steelyard.keeper.types import GWEI, GasPrice, TokenView
from steelyard.model.arithmetic import WAD

PAGE = 100
"""Tokens the lens takes at once."""
REMEMBERED = 128
"""Blocks whose hashes are kept, to tell how deep a reorganisation goes."""

LEAST_PRIORITY = 2 * GWEI
"""What is paid for priority whatever the base fee is, wei, if the node thinks so."""

NativePrice = Callable[[int], int | None]
"""Takes the number of a block; returns collateral units per 1e18 wei, None = not known."""


class BehindError(ChainError):
    """The node tells of a past that it, or another one, has already gone beyond."""

    is_transient = True

    def __init__(self, detail: str) -> None:
        """Say what is old."""
        super().__init__(f"the node is behind: {detail}", "wait, or use another node")


@dataclass(frozen=True, slots=True)
class Observation:
    """What there is to know at one block.

    Attributes:
        block: Which.
        tokens: As the lens shows them, in the order of their creation.
        gas: What it costs; `max_fee` is not capped.
        balance: Of the keeper's account, wei.
        nonce: Transactions of the account that are mined.
        reorganised: Blocks seen before that are not part of the chain any more, count.
    """

    block: Block
    tokens: tuple[TokenView, ...]
    gas: GasPrice
    balance: int
    nonce: int
    reorganised: int = 0

    def token(self, address: str) -> TokenView | None:
        """Return a token by its address, any case; None if there is none."""
        wanted = address.lower()
        return next((token for token in self.tokens if token.address == wanted), None)


class Observer:
    """Looks at a deployed system through one node."""

    def __init__(self, chain: Chain, deployment: Deployment, native_price: NativePrice) -> None:
        """Remember where to look; nothing is asked yet.

        Args:
            chain: A node.
            deployment: The system.
            native_price: What the chain's coin is worth.
        """
        self._chain, self._deployment, self._native_price = chain, deployment, native_price
        self._factory = self._contract("LeveragedTokenFactory")
        self._lens = self._contract("LeveragedTokenLens")
        self._tokens: list[str] = []
        self._seen: OrderedDict[int, str] = OrderedDict()
        self._gone: tuple[int, ...] = ()
        self._checked = False

    def head(self, least: int = 0) -> Block:
        """Return the chain's last block.

        Args:
            least: Number of the last block that anybody told of.

        Raises:
            BehindError: The node has not got there yet.
            WrongChain: It serves another chain.
            ChainError: It does not answer.
        """
        self._chain.check_chain(self._deployment.chain_id)
        self._check_deployment()
        block = self._chain.block()
        newest = max(least, next(reversed(self._seen), 0))
        if block.number < newest:
            raise BehindError(f"its last block is {block.number}, and {newest} was seen")
        return block

    def remember(self, number: int, hash: str) -> None:
        """Note a block that was seen, here or before a restart, and forget those it replaced.

        Only once the step has shown the breaker how many: an outage must not hide them.
        """
        for later in [known for known in self._seen if known >= number or known in self._gone]:
            del self._seen[later]
        self._gone = ()
        self._seen[number] = hash
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)

    def observe(self, block: Block, sender: str, gas_used: Mapping[str, int]) -> Observation:
        """Look at everything at one block.

        Args:
            block: The head.
            sender: The keeper's account.
            gas_used: What a rebalance took before, gas by token's address in lower case.

        Raises:
            ChainError: The node does not answer, or contradicts itself.
        """
        reorganised = self._reorganised(block)
        tokens = self.scan(block, gas_used)
        fees = self._chain.fees()
        base_fee = max(fees.base_fee, block.base_fee or 0)
        # One frightened sender in the last block must not set the price for everybody.
        priority_fee = min(fees.priority_fee, max(base_fee, LEAST_PRIORITY))
        gas = GasPrice(
            base_fee=base_fee,
            priority_fee=priority_fee,
            max_fee=2 * base_fee + priority_fee,
            native_price=self._native_price(block.number),
        )
        return Observation(
            block=block,
            tokens=tokens,
            gas=gas,
            balance=self._chain.balance(sender, block.number),
            nonce=self._chain.nonce(sender, block.number),
            reorganised=reorganised,
        )

    def scan(self, block: Block, gas_used: Mapping[str, int]) -> tuple[TokenView, ...]:
        """Return every token of the factory: one call of the lens for each hundred.

        Args:
            block: Of which.
            gas_used: As in `observe`.

        Raises:
            BehindError: The node answered for another block.
        """
        addresses = self._addresses(block.number)
        views: list[TokenView] = []
        for start in range(0, len(addresses), PAGE):
            page = addresses[start : start + PAGE]
            for state in self._lens.call.token_states(page, block=block.number):
                # The lens tells of the block it was run in: a balancer may have sent us elsewhere.
                if state.ok and state.timestamp != block.timestamp:
                    raise BehindError(f"asked for block {block.number}, it answered for another")
                views.append(TokenView.of(state, gas_used.get(state.token, 0)))
        if any(not view.ok for view in views):
            self._tokens.clear()  # perhaps one that a reorganisation undid: list them anew
        return tuple(views)

    def _addresses(self, block: int) -> list[str]:
        """The factory's list; only what is new is read."""
        count = self._factory.call.token_count(block=block)
        if count < len(self._tokens):
            self._tokens.clear()
        while len(self._tokens) < count:
            page = self._factory.call.tokens_page(len(self._tokens), PAGE, block=block)
            if not page:
                raise NodeError(0, "the factory's list is shorter than its count")
            self._tokens.extend(page)
        return self._tokens

    def _reorganised(self, head: Block) -> int:
        """How many of the blocks seen are gone; they are forgotten with the next one noted."""
        gone: list[int] = []
        for number, hash in reversed(self._seen.items()):
            now = head if number == head.number else self._chain.block(number)
            if now.hash == hash:
                break
            gone.append(number)
            self._tokens.clear()
        self._gone = tuple(gone)
        return gone[0] - gone[-1] + 1 if gone else 0

    def _check_deployment(self) -> None:
        """Refuse a chain of the same id that is another one: a local node that began anew."""
        if self._checked:
            return
        record = self._deployment.block
        try:
            actual = self._chain.block(record.number).hash
        except NodeError as error:
            raise BehindError(f"it lacks block {record.number} of the deployment") from error
        if actual != record.hash:
            raise NodeError(0, f"block {record.number} is not the one of the deployment")
        self._checked = True

    def _contract(self, name: str) -> ChainContract:
        return ChainContract(self._chain, self._deployment.address(name), load_abi(name))


def fixed_price(price: int | None) -> NativePrice:
    """Return a price of the chain's coin that never changes.

    Args:
        price: Collateral units per 1e18 wei; None = not known.
    """
    return lambda block: price


def feed_price(chain: Chain, feed: str, decimals: int, max_age: int) -> NativePrice:
    """Return a price of the chain's coin that a feed tells, quote taken for collateral.

    Args:
        chain: Where the feed is.
        feed: An AggregatorV3, in quote per coin.
        decimals: Of the collateral.
        max_age: Of its answer, seconds; an older one counts as none.
    """
    contract = ChainContract(chain, feed, load_abi("IAggregatorV3"))

    def price(block: int) -> int | None:
        try:
            answer: Any = contract.call.latestRoundData(block=block)
            scale = contract.call.decimals(block=block)
        except ChainError as error:
            if error.is_transient:
                raise
            return None  # the feed itself refuses: nobody knows the price
        age = chain.block(block).timestamp - answer[3]
        if answer[1] <= 0 or not 0 <= age <= max_age:
            return None
        return int(answer[1] * 10**decimals // 10**scale)

    return price


def in_collateral(wei: int, native_price: int | None) -> int:
    """Return what an amount of the chain's coin is worth, rounded up; 0 when nobody knows.

    Args:
        wei: Amount.
        native_price: Collateral units per 1e18 wei.
    """
    return 0 if native_price is None else -(-wei * native_price // WAD)
