"""Whether a chain holds what a record says, and what this checkout compiles to.

The deployment is played again from the record on a stand-in of the chain. Addresses, chain id and
nonces are the same there, so code can be compared byte for byte, immutables included, and every
view answer by answer. What timelock or owner have changed since shows as a difference, with both
values.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address

from steelyard.abi import AbiError, Interface
from steelyard.book import Deployment, code_hash, to_json
from steelyard.chain import Chain, ChainContract, ChainError, Reverted
from steelyard.compiler import compile_contract
from steelyard.contract import ZERO_ADDRESS, Contract
from steelyard.deployment.feeds import ask_feed, assumed_feeds, expected_feeds
from steelyard.deployment.markets import DeploymentError
from steelyard.deployment.plan import Plan, make_plan
from steelyard.deployment.recording import (
    BLUEPRINT,
    collateral_record,
    contract_names,
    market_records,
)
from steelyard.deployment.resolving import system_config
from steelyard.deployment.spec import DeploymentSpec, parse_spec

_PAGE = 100  # tokens a call of the factory lists
# What a contract that is not ours, or broken, answers with.
_NO_ANSWER = (Reverted, AbiError)
_TOKEN = "token "  # before the symbol: no contract is called so


@dataclass(frozen=True)
class Check:
    """One thing that was compared.

    Attributes:
        contract: As the record calls it.
        what: E.g. `code`, `owner`, `token_config.mint_fee`.
        expected: By the record and this checkout.
        found: On the chain.
    """

    contract: str
    what: str
    expected: str
    found: str

    @property
    def ok(self) -> bool:
        """Whether both are the same."""
        return self.expected == self.found


def verify(chain: Chain, record: Deployment) -> list[Check]:
    """Compare a chain with a record and with this checkout.

    Args:
        chain: Where the deployment should be.
        record: What should be there.

    Returns:
        Everything that was compared, differences among it.

    Raises:
        WrongChain: The node serves another chain.
        SpecError: The record's configuration is damaged.
        DeploymentError: This checkout cannot play the deployment.
        ChainError: The node does not answer.
    """
    chain.check_chain(record.chain_id)
    spec = parse_spec(record.config, "the record's configuration")
    feeds = list(_feeds(chain, spec))
    plan = _play(record, spec)
    checks = [
        Check("record", "config hash", record.config_hash, spec.digest()),
        _block(chain, record),
    ]
    checks += feeds
    checks += _written(record, plan)
    checks += _mined(chain, record)
    checks += _codes(chain, record, plan)
    known = {check.contract for check in checks if check.what == "code" and check.found != "none"}
    names = _names(plan)
    for address, name in names.items():
        if name in known:
            checks += _views(chain, plan, address, name)
    return checks


def _play(record: Deployment, spec: DeploymentSpec) -> Plan:
    """Play the deployment of a record."""
    try:
        return make_plan(
            system_config(spec),
            chain_id=record.chain_id,
            deployer=record.deployer,
            nonce=record.start_nonce,
            live=assumed_feeds(spec),
        )
    except DeploymentError as error:
        raise DeploymentError(
            f"this checkout cannot play the deployment: {error}",
            f"check out the commit that it was made from, {record.commit}",
        ) from error


def _names(plan: Plan) -> dict[str, str]:
    """Return every contract of a plan, tokens too: address to what the record calls it."""
    tokens = plan.system.tokens.items()
    return contract_names(plan) | {token.address: _TOKEN + symbol for symbol, token in tokens}


def _block(chain: Chain, record: Deployment) -> Check:
    """Compare the block of the last transaction: another hash is another chain."""
    try:
        found = chain.block(record.block.number).hash
    except ChainError as error:
        if error.is_transient:
            raise
        found = "none"
    return Check("record", f"block {record.block.number}", record.block.hash, found)


def _written(record: Deployment, plan: Plan) -> Iterator[Check]:
    """Compare what a record says besides addresses: who uses the deployment believes it."""
    ours: dict[str, Any] = {"collateral": collateral_record(plan).model_dump()}
    theirs: dict[str, Any] = {"collateral": record.collateral.model_dump()}
    for symbol, market in market_records(plan).items():
        ours[f"market {symbol}"] = market.model_dump()
    for symbol, market in record.markets.items():
        theirs[f"market {symbol}"] = market.model_dump()
    for token in plan.system.config.tokens:
        ours[_TOKEN + token.symbol] = {"market": token.market}
    for symbol, made in record.tokens.items():
        theirs[_TOKEN + symbol] = {"market": made.market}
    names = contract_names(plan)
    for sent in (step.sent for step in plan.steps if step.sent.to is None):
        ours[names[sent.address]] = {"args": json.dumps(to_json(sent.arguments))}
    for name, contract in record.contracts.items():
        theirs[name] = {"args": json.dumps(to_json(contract.args))}
    for name in dict.fromkeys([*ours, *theirs]):
        expected, found = ours.get(name, {}), theirs.get(name, {})
        for field in dict.fromkeys([*expected, *found]):
            values = (str(of.get(field, "none")) for of in (expected, found))
            yield Check("record", f"{name}.{field}", *values)


def _mined(chain: Chain, record: Deployment) -> Iterator[Check]:
    """Compare where the contracts of a record were created: from there on logs are read."""
    for name, contract in record.contracts.items():
        receipt = chain.receipt(contract.transaction)
        found = "no such transaction"
        if receipt is not None:
            found = f"{receipt.contract_address} in block {receipt.block}"
        expected = f"{contract.address} in block {contract.block}"
        yield Check("record", f"{name}.transaction", expected, found)
    if "LeveragedTokenFactory" not in record.contracts:
        return
    factory = ChainContract(
        chain, record.address("LeveragedTokenFactory"), _interface("LeveragedTokenFactory")
    )
    topics, newest = [factory.topic("TokenCreated")], chain.block().number
    for symbol, token in record.tokens.items():
        last = min(token.block, newest)  # nodes refuse to look beyond
        logs = chain.logs(factory.address, topics, token.block, last)
        made = [to_checksum_address(event.values.token) for event in factory.events(logs)]
        found = token.address if token.address in made else ", ".join(made) or "none"
        yield Check("record", f"{_TOKEN}{symbol}.block", token.address, found)


def _feeds(chain: Chain, spec: DeploymentSpec) -> Iterator[Check]:
    """Ask every feed that was on the chain before the deployment."""
    now = chain.block().timestamp
    for feed in expected_feeds(spec, system_config(spec)):
        said = ask_feed(chain, feed, now)
        yield Check(feed.path, "feed", "answers", said if isinstance(said, str) else "answers")


def _codes(chain: Chain, record: Deployment, plan: Plan) -> Iterator[Check]:
    """Compare addresses and code of every contract: record, chain, checkout."""
    tokens = {_TOKEN + symbol: token for symbol, token in record.tokens.items()}
    recorded: dict[str, Any] = {**record.contracts, **tokens}
    played = {name: address for address, name in _names(plan).items()}
    for name in dict.fromkeys([*played, *recorded]):
        address = to_checksum_address(played[name]) if name in played else "none"
        if name not in recorded:
            yield Check(name, "address", address, "not in the record")
            continue
        yield Check(name, "address", address, recorded[name].address)
        found = chain.code(recorded[name].address)
        ours = plan.stand_in.code(played[name]) if name in played else b""
        yield Check(name, "code", _described(ours), _described(found))
        if name in record.contracts:
            yield Check(name, "recorded code", record.contracts[name].code_hash, code_hash(found))


def _described(code: bytes) -> str:
    return f"{len(code):,} bytes, {code_hash(code)}" if code else "none"


def _views(chain: Chain, plan: Plan, address: str, name: str) -> Iterator[Check]:
    """Compare what a contract says, on the chain and on the stand-in."""
    if name == BLUEPRINT:
        return  # it is never called
    kind = "LeveragedToken" if name.startswith(_TOKEN) else name.partition(" ")[0]
    interface = _interface(kind)
    ours, theirs = (
        Contract(plan.stand_in, address, interface),
        ChainContract(chain, address, interface),
    )
    if "pending_owner" in interface.functions:
        yield from _owner(plan, name, ours, theirs)
    for function, args in _questions(plan, kind):
        yield from _compare(plan, name, ours, theirs, function, args)


def _interface(kind: str) -> Interface:
    return Interface(kind, compile_contract(kind).abi)


def _questions(plan: Plan, kind: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield the views of a contract that its deployment decides, with arguments."""
    yield from ((function, ()) for function in _PLAIN.get(kind, ()))
    if kind == "PerpExchange":
        for market in plan.system.markets.values():
            for function in ("market_words_of", "price_guard_of", "market_state"):
                yield function, (market.id,)
    if kind == "LeveragedTokenFactory":
        yield "tokens_page", (0, _PAGE)
        for token in plan.system.tokens.values():
            for function in ("token_config", "pending", "token_info"):
                yield function, (token.address,)


_PLAIN = {
    "MockUSD": ("name", "symbol", "decimals", "faucet_call_limit", "faucet_daily_limit"),
    "PerpExchange": ("asset", "market_count"),
    "PriceGuard": ("EXCHANGE", "checks"),
    "MockAggregator": ("decimals", "description"),
    "LeveragedTokenFactory": ("blueprint", "policy", "quotes", "guardian", "token_count"),
    "LeveragedToken": ("name", "symbol", "decimals", "factory", "asset", "fee_receiver", "setup"),
}
# Of what else a view says: state that moves with trading, which no deployment decides.
_ONLY = {
    "market_state": ("status",),
    "token_info": ("series", "first", "successor", "initial_nav", "management_fee", "is_live"),
}


def _compare(
    plan: Plan,
    name: str,
    ours: Contract,
    theirs: ChainContract,
    function: str,
    args: tuple[Any, ...],
) -> Iterator[Check]:
    """Compare the answers to one question, field by field."""
    what = function + _of(plan, function, args)
    expected = _answer(plan, function, getattr(ours, function)(*args))
    try:
        found = _answer(plan, function, getattr(theirs.call, function)(*args))
    except _NO_ANSWER as error:
        yield Check(name, what, "an answer", str(error))
        return
    for field in dict.fromkeys([*expected, *found]):
        label = f"{what}.{field}" if field else what
        yield Check(name, label, expected.get(field, "none"), found.get(field, "none"))


def _of(plan: Plan, function: str, args: tuple[Any, ...]) -> str:
    """Return whom a question is about."""
    if not args or function == "tokens_page":
        return ""
    symbols: dict[Any, str] = {market.id: symbol for symbol, market in plan.system.markets.items()}
    symbols |= {token.address: symbol for symbol, token in plan.system.tokens.items()}
    return f" {symbols[args[0]]}"


def _answer(plan: Plan, function: str, value: Any) -> dict[str, str]:
    """Return an answer as texts by field; an answer without fields under an empty name."""
    if function == "market_words_of":
        try:
            value = plan.system.parameters.unpack(value)
        except DeploymentError as error:
            return {"": f"not packed parameters: {error}"}
    fields = dict(_flat("", value))
    only = _ONLY.get(function)
    return fields if only is None else {name: fields[name] for name in only}


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield the fields of an answer: path and text."""
    if isinstance(value, tuple):
        names = getattr(value, "_fields", [str(index) for index in range(len(value))])
        for name, item in zip(names, value, strict=True):
            yield from _flat(f"{path}.{name}" if path else name, item)
        return
    if isinstance(value, str) and value.startswith("0x") and len(value) == len(ZERO_ADDRESS):
        value = to_checksum_address(value)
    yield path, "0x" + value.hex() if isinstance(value, bytes) else str(value)


def _owner(plan: Plan, name: str, ours: Contract, theirs: ChainContract) -> Iterator[Check]:
    """Compare who owns a contract: it may have been accepted, or not yet."""
    offered = ours.pending_owner()
    try:
        found = {"owner": theirs.call.owner(), "pending_owner": theirs.call.pending_owner()}
    except _NO_ANSWER as error:
        yield Check(name, "owner", "an answer", str(error))
        return
    expected = {"owner": ours.owner(), "pending_owner": offered}
    if int(offered, 16) and found["owner"] == offered:
        expected = {"owner": offered, "pending_owner": ZERO_ADDRESS}
    for what, owner in expected.items():
        yield Check(name, what, to_checksum_address(owner), to_checksum_address(found[what]))


def contract_kinds(record: Deployment) -> list[str]:
    """Return the contracts of this checkout that a deployment is made of, each once."""
    kinds = [name.partition(" ")[0] for name in record.contracts]
    return list(dict.fromkeys(kinds))


def differences(checks: list[Check]) -> list[Check]:
    """Return the checks that failed."""
    return [check for check in checks if not check.ok]


def as_json(checks: list[Check]) -> list[Mapping[str, Any]]:
    """Return checks for JSON."""
    return [{**vars(check), "ok": check.ok} for check in checks]
