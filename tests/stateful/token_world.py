"""Three tokens on both exchanges, beside everything that is in a World."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import astuple, dataclass, replace
from typing import Any

from steelyard.compiler import compile_contract
from steelyard.evm import address
from steelyard.model.exchange import WAD
from steelyard.model.policy import Decision, Rules, pack_rules
from steelyard.model.token import LeveragedToken, Terms, pack_terms
from steelyard.model.venue.states import ZERO_ADDRESS
from tests.stateful.world import (
    HOLDERS,
    KEEPERS,
    OWNER,
    PAUPER,
    REFERENCES,
    TRADERS,
    VAULT,
    Action,
    World,
    fields,
    same,
)

FEES = address("fees")
OWNERS = (*TRADERS, *KEEPERS, OWNER, VAULT, FEES, PAUPER)
"""Who may come to hold shares."""

FLOWS = ("deposit", "mint", "redeem", "withdraw")
VIEWS = ("preview_deposit", "preview_mint", "preview_redeem", "preview_withdraw")
ABI_NAMES = {
    **{view: "preview" + view.removeprefix("preview_").title() for view in VIEWS},
    "convert_to_shares": "convertToShares",
    "convert_to_assets": "convertToAssets",
}
TOKEN_VERBS = {
    *FLOWS,
    *("rebalance", "claim_fees", "wind_down", "settle", "configure", "pause_mint", "seed"),
    *("transfer", "approve", "transferFrom"),
}
"""Verbs of a token; their first argument is its index."""

decision_fields = fields(Decision)


@dataclass(frozen=True)
class Spec:
    """What one token is made of."""

    market: int
    is_long: bool
    terms: Terms
    rules: Rules
    receiver: str
    seed: int  # quote
    reference: int | None  # feed


def _spec(
    market: int, is_long: bool, target: int, band: tuple[int, int], em: int, **more: Any
) -> Spec:
    """Make a spec; leverages in tenths."""
    lo, hi = (edge * WAD // 10 for edge in band)
    receiver, reference = more.pop("receiver", ZERO_ADDRESS), more.pop("reference", None)
    cap, seed = more.pop("cap"), more.pop("seed")
    rules = Rules(target * WAD, lo, hi, em * WAD // 10, **more)
    terms = Terms(
        # 1 % a year of net asset value: -ln(0.99), down to 1e-12.
        fee_rate=10_050_335_853_000_000 if receiver != ZERO_ADDRESS else 0,
        leverage_lo=lo,
        leverage_hi=hi,
        cap=cap * WAD,
        fees_on=receiver != ZERO_ADDRESS,
        target=rules.target,
    )
    return Spec(market, is_long, terms, rules, receiver, seed, reference)


# Caps are what a quarter of the skew scale allows at a slippage of 1 %.
SPECS = (
    _spec(0, True, 3, (20, 40), 50, cap=120, seed=1_000, receiver=FEES, trade_share=WAD // 4),
    _spec(
        *(0, False, 2, (15, 27), 35),
        cap=100,
        seed=300,
        receiver=FEES,
        trade_share=WAD // 4,
        reference=REFERENCES[0],
        reference_max_age=4_000,
    ),
    _spec(1, True, 3, (24, 37), 47, cap=120_000, seed=110, scheduled=True, recentering=WAD // 2),
)


def is_alive(token: LeveragedToken) -> bool:
    """Return whether there is something left that holders could do something with."""
    if token.is_closed:
        ledger = token.ledger
        return token.settlement[0] != 0 and ledger.supply > ledger.balances[OWNER]
    state = token.case.state
    return state.size != 0 or state.equity > 0


class TokenWorld(World):
    """A 3x long and a 2x short on the major, and a 3x long on the small cap."""

    def _seed(self) -> None:
        super()._seed()
        self.policy = self.evm.deploy(compile_contract("RebalancePolicy"))
        self.quotes = self.evm.deploy(compile_contract("VaultQuotes"))
        self.tokens = []
        self.token_twins: list[LeveragedToken] = []
        for index, spec in enumerate(SPECS):
            self._deploy(f"T{index}", spec)

    def rules_of(self, index: int) -> Rules:
        """Return the rules that a token begins with."""
        spec = SPECS[index]
        reference = ZERO_ADDRESS if spec.reference is None else self.feeds[spec.reference].address
        return replace(spec.rules, reference=reference)

    def _deploy(self, symbol: str, spec: Spec) -> None:
        """Deploy a token and its twin, and seed them."""
        setup = (symbol, symbol, self.exchange, spec.market, self.policy, self.quotes, spec.is_long)
        rules = self.rules_of(len(self.tokens))
        words = self.policy.pack_rules(astuple(rules))
        same("rules", tuple(words), pack_rules(rules))
        contract = self.evm.deploy(
            compile_contract("LeveragedToken"), setup, pack_terms(spec.terms), words, spec.receiver
        )
        twin = LeveragedToken(
            self.twin,
            spec.market,
            spec.is_long,
            spec.terms,
            rules,
            spec.receiver,
            contract.address,
            OWNER,
            {oracle.address: oracle for oracle in self.oracles},
        )
        for holder in (*HOLDERS, PAUPER):
            self.usd.approve(contract, 2**256 - 1, sender=holder)
        assets = spec.seed * WAD // self.twin.scale
        self.usd.transfer(self.exchange, assets, sender=OWNER)
        self.twin.transfer(OWNER, self.twin.address, assets)
        shares = contract.seed(assets, 100 * WAD, sender=OWNER)
        same("seed", shares, twin.seed(OWNER, assets, 100 * WAD))
        self.tokens.append(contract)
        self.token_twins.append(twin)

    def _twins(self) -> tuple[Any, ...]:
        return *super()._twins(), self.token_twins

    def _restore(self, twins: tuple[Any, ...]) -> None:
        *others, self.token_twins = twins
        super()._restore(tuple(others))

    def begin(self) -> None:
        """Go back to the state after set-up."""
        super().begin()
        self.decided = Decision()

    def donate(self, sender: str, index: int, assets: int) -> None:
        """Send collateral to a token, which nobody asked for."""
        token = self.tokens[index].address
        sent = self.outcome(lambda: self.usd.transfer(token, assets, sender=sender))
        twin = self.outcome(lambda: self.twin.transfer(sender, token, assets))
        same("outcome of a transfer", sent[0], twin[0])

    # Verbs of the tokens

    def calls(self, action: Action) -> tuple[Callable[[], Any], Callable[[], Any]]:
        """Return the call on the bytecode and the same call on the twin."""
        verb, caller = action.verb, action.caller
        if verb not in TOKEN_VERBS:
            return super().calls(action)
        index, *args = action.args
        contract, twin = self.tokens[index], self.token_twins[index]
        if verb == "configure":
            return self._configure_calls(index, caller, *args)
        if verb == "rebalance":
            self.decided = twin.rebalance_status
        on_evm = functools.partial(getattr(contract, verb), *args, sender=caller)
        ledger = twin.ledger
        shares = {
            "transfer": lambda: ledger.transfer(caller, *args),
            "approve": lambda: ledger.approve(caller, *args),
            "transferFrom": lambda: ledger.transfer_from(caller, *args),
        }
        if verb in shares:
            return on_evm, lambda: shares[verb]() is None
        return on_evm, functools.partial(getattr(twin, verb), caller, *args)

    def _configure_calls(
        self, index: int, caller: str, terms: Terms, rules: Rules, receiver: str
    ) -> tuple[Callable[[], Any], Callable[[], Any]]:
        words = (pack_terms(terms), pack_rules(rules), receiver)
        on_evm = functools.partial(self.tokens[index].configure, *words, sender=caller)
        twin = self.token_twins[index]
        return on_evm, functools.partial(twin.configure, caller, terms, rules, receiver)

    # Comparison

    def compare_token(self, index: int, holder: str, shares: int, assets: int) -> None:
        """Compare everything a token says: of itself, of a holder, and of two amounts."""
        contract, twin = self.tokens[index], self.token_twins[index]
        what, ledger = f"token {index}: ", twin.ledger
        same(what + "words", tuple(contract.words()), twin.words)
        same(what + "fee_receiver", contract.fee_receiver(), twin.fee_receiver)
        same(what + "totalSupply", contract.totalSupply(), ledger.supply)
        same(what + "owed_shares", contract.owed_shares(), twin.owed_shares)
        same(what + "totalAssets", contract.totalAssets(), twin.total_assets)
        status = contract.rebalance_status()
        same(what + "rebalance_status", status, decision_fields(twin.rebalance_status))
        same(what + f"balance {holder}", contract.balanceOf(holder), ledger.balances[holder])
        wallet = self.twin.wallets[twin.address]
        same(what + "wallet", self.usd.balanceOf(contract), wallet)
        limits = (
            *(contract.maxDeposit(holder), contract.maxMint(holder)),
            *(contract.maxWithdraw(holder), contract.maxRedeem(holder)),
        )
        expected = (
            *(twin.max_deposit, twin.max_mint),
            *(twin.max_withdraw(holder), twin.max_redeem(holder)),
        )
        same(what + f"limits of {holder}", limits, expected)
        for view in VIEWS:
            amount = assets if view in ("preview_deposit", "preview_withdraw") else shares
            self.compare_view(index, view, amount)
        self.compare_view(index, "convert_to_shares", assets)
        self.compare_view(index, "convert_to_assets", shares)

    def compare_view(self, index: int, view: str, amount: int) -> None:
        """Compare a view of a token that may revert."""
        contract, twin = self.tokens[index], self.token_twins[index]
        bytecode = self.outcome(lambda: getattr(contract, ABI_NAMES[view])(amount))
        expected = self.outcome(lambda: getattr(twin, view)(amount))
        same(f"token {index}: {view}({amount})", bytecode, expected)

    def compare_all(self) -> None:
        """Compare everything there is."""
        super().compare_all()
        for index, (contract, twin) in enumerate(zip(self.tokens, self.token_twins, strict=True)):
            for holder in OWNERS:
                self.compare_token(index, holder, WAD, WAD // self.twin.scale)
            for (owner, spender), allowed in twin.ledger.allowances.items():
                same("allowance", contract.allowance(owner, spender), allowed)

    def compare_event(self, action: Action, result: Any) -> None:
        """Compare what a verb logs with what it did."""
        if action.verb not in TOKEN_VERBS:
            super().compare_event(action, result)
            return
        index, *args = action.args
        contract, twin = self.tokens[index], self.token_twins[index]
        if action.verb in ("deposit", "mint"):
            amounts = (args[0], result) if action.verb == "deposit" else (result, args[0])
            (log,) = contract.logs("Deposit")
            same("Deposit", tuple(log.args), (action.caller, args[1], *amounts))
        elif action.verb in ("redeem", "withdraw"):
            amounts = (args[0], result) if action.verb == "withdraw" else (result, args[0])
            (log,) = contract.logs("Withdraw")
            same("Withdraw", tuple(log.args), (action.caller, args[1], args[2], *amounts))
        elif action.verb == "rebalance":
            self._compare_rebalanced(action.caller, contract, twin, result)

    def _compare_rebalanced(
        self, caller: str, contract: Any, twin: LeveragedToken, reward: int
    ) -> None:
        (log,) = contract.logs("Rebalanced")
        args, decided, state = log.args, self.decided, twin.case.state
        told = (args.caller, args.trigger, args.size_delta, args.reward, args.aim)
        done = (caller, decided.trigger, decided.size_delta, reward, decided.aim)
        same("Rebalanced", told, done)
        told = (args.leverage_before, args.leverage_after, args.size, args.equity)
        done = (decided.leverage, twin.rebalance_status.leverage, state.size, state.equity)
        same("Rebalanced", told, done)
