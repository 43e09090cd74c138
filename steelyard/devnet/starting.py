"""A devnet's chain from its start, anew or from what was saved, to its end."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from steelyard.book import BookError, Deployment, read_deployment, write_deployment
from steelyard.chain import Chain
from steelyard.compiler import compile_contract
from steelyard.deployment.spec import read_spec
from steelyard.devnet.errors import DevnetError, StateError
from steelyard.devnet.founding import Progress, contract, deploy, fund, signers
from steelyard.devnet.node import Node
from steelyard.devnet.paths import MadeUp, PricePath
from steelyard.devnet.saving import Saved, read_saved, saved_file, write_saved
from steelyard.devnet.settings import ROOT, Settings
from steelyard.devnet.walker import Feed, Walker

DEPLOYED = (
    *("MockUSD", "MockAggregator", "MarketParameters", "PriceGuard", "PerpExchange"),
    *("RebalancePolicy", "VaultQuotes", "LeveragedToken"),
    *("LeveragedTokenFactory", "LeveragedTokenLens"),
)
"""What a deployment needs: compiled before there is a node, and one by one to stay responsive."""

_POLL = 0.05
_FARTHEST = 10  # percent that a file's first price may be from the chain's


@dataclass
class Devnet:
    """A running node with a system on it.

    Attributes:
        settings: How it was started.
        node: The process.
        chain: The connection.
        deployment: What is deployed.
        code: `sources_digest` of what it was deployed from.
        notes: What the user should know of the start.
        walker: Who pushes prices, if anybody.
        walked: Where price paths were when it was saved.
    """

    settings: Settings
    node: Node
    chain: Chain
    deployment: Deployment
    code: str
    notes: list[str] = field(default_factory=list)
    walker: Walker | None = None
    walked: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def save(self) -> None:
        """Keep the chain as it is now; nothing may be mined meanwhile.

        Raises:
            DevnetError: The node does not answer.
            OSError: The files cannot be written.
        """
        number, head = self.node.head()
        record = self._record()
        write_saved(
            self.settings.folder,
            Saved(
                state=self.node.dump(),
                record=record.model_dump_json().encode(),
                number=number,
                hash=head,
                code=self.code,
                walked=self.walker.walked() if self.walker else self.walked,
            ),
        )

    def _record(self) -> Deployment:
        """Return the record of what is on the chain now: somebody may have deployed anew."""
        try:
            found = read_deployment(self.settings.record)
        except BookError:
            return self.deployment
        return found if self._is_here(found) else self.deployment

    def _is_here(self, record: Deployment) -> bool:
        block = self.chain.request("eth_getBlockByNumber", hex(record.block.number), False)
        return block is not None and block["hash"] == record.block.hash


def start(settings: Settings, paths: Mapping[str, PricePath], progress: Progress) -> Devnet:
    """Start the node with the saved chain, or with a new one; it mines at once.

    Args:
        settings: How.
        paths: Prices from files, by symbol.
        progress: Told what is being done; what it raises ends the start.

    Raises:
        DevnetError: It cannot start; no process is left.
        ChainError: The node refuses.
    """
    saved = None if settings.fresh else read_saved(settings.folder)
    if saved is None:
        for name in DEPLOYED:
            progress(f"compile {name} (the first time takes half a minute)")
            compile_contract(name)
    progress("start anvil")
    node = Node(settings.port, saved.state if saved else None)
    try:
        chain = Chain.connect(settings.url, timeout=5.0, attempts=2, poll=_POLL)
        devnet = _resume(settings, node, chain, saved) if saved else None
        if devnet is None:
            devnet = _begin(settings, node, chain, paths, progress)
        write_deployment(devnet.deployment, settings.record)
        if settings.walk:
            devnet.walker = _walker(devnet, paths)
        return devnet
    except BaseException:
        node.stop()
        raise


def sources_digest(settings: Settings) -> str:
    """Return a digest of contracts and configuration, to see that they have changed."""
    seen = hashlib.sha256(settings.config.read_bytes())
    for folder in ("contracts", "interfaces"):
        for path in sorted((ROOT / folder).rglob("*.vy*")):
            if "harness" not in path.parts:
                seen.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return seen.hexdigest()


def _begin(
    settings: Settings,
    node: Node,
    chain: Chain,
    paths: Mapping[str, PricePath],
    progress: Progress,
) -> Devnet:
    """Deploy and fund on an empty chain, and keep it at once: a crash loses little then."""
    first = {symbol: path.price(0) for symbol, path in paths.items()}
    deployment = deploy(chain, read_spec(settings.config), first, progress)
    fund(chain, deployment, progress)
    devnet = Devnet(settings, node, chain, deployment, sources_digest(settings))
    progress("save the chain")
    devnet.save()
    return devnet


def _resume(settings: Settings, node: Node, chain: Chain, saved: Saved) -> Devnet:
    """Check that the node has the chain that was saved, with the system on it."""
    path, remedy = saved_file(settings.folder), "begin anew with --fresh"
    if node.head() != (saved.number, saved.hash):
        raise StateError(f"anvil did not load the chain of {path} as it was saved", remedy)
    try:
        deployment = Deployment.model_validate_json(saved.record)
    except ValueError as error:
        raise StateError(f"the record in {path} cannot be read: {error}", remedy) from error
    devnet = Devnet(settings, node, chain, deployment, saved.code, walked=saved.walked)
    if not devnet._is_here(deployment):
        raise StateError(f"state and record in {path} do not belong together", remedy)
    devnet.notes.append(f"goes on from block {saved.number}; --fresh begins anew")
    if saved.code != sources_digest(settings):
        devnet.notes.append(
            "contracts or configuration have changed since this chain was made: "
            "what runs is the old system until you start with --fresh"
        )
    return devnet


def _walker(devnet: Devnet, paths: Mapping[str, PricePath]) -> Walker:
    """Return the walker of all mock feeds, each where its path was left."""
    settings = devnet.settings
    mocks = [s for s, m in devnet.deployment.markets.items() if m.feed_kind == "mock"]
    if unknown := sorted(paths.keys() - set(mocks)):
        raise DevnetError(
            f"prices of {', '.join(unknown)}, but there is no such market with a mock feed",
            f"there are: {', '.join(mocks) or 'none'}",
        )
    feeds = [_feed(devnet, symbol, paths.get(symbol)) for symbol in mocks]
    return Walker(
        devnet.chain, feeds, signers(), speed=settings.speed, heartbeat=settings.heartbeat
    )


def _feed(devnet: Devnet, symbol: str, path: PricePath | None) -> Feed:
    """Return a feed with its path, given or made up."""
    feed = contract(devnet.chain, "MockAggregator", devnet.deployment.markets[symbol].feed)
    decimals = feed.call.decimals()
    now = feed.call.latestRoundData()[1] * 10 ** (18 - decimals)
    left = devnet.walked.get(symbol, {})
    if path is None:
        path, position = _made_up(symbol, now, devnet.settings.seed, left)
    else:
        position = int(left["position"]) if left.get("path") == path.name else 0
        first = path.price(position)
        if _is_far(first, now):
            raise DevnetError(
                f"the prices of {symbol} begin at {first / 10**18:,.2f}, the chain is at "
                f"{now / 10**18:,.2f}: such a jump would wipe tokens out",
                "begin at the file's price with --fresh",
            )
    return Feed(symbol, feed, decimals, path, position)


def _made_up(symbol: str, now: int, seed: int, left: Mapping[str, Any]) -> tuple[PricePath, int]:
    """Return the walk that was left and where, or one that begins at the price of now."""
    path = MadeUp(symbol, now, seed)
    if left.get("path") == path.name:
        old, position = MadeUp(symbol, int(left["base"]), seed), int(left["position"])
        if not _is_far(old.price(position), now):
            return old, position
    return path, 0


def _is_far(price: int, now: int) -> bool:
    """Return whether a price is so far from the chain's that tokens might not survive it."""
    return abs(price - now) * 100 > now * _FARTHEST
