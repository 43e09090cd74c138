"""Take the state of an in-process EVM to a new one, which frees all that the old one remembers.

pyrevm keeps every change since it began, to be able to undo it, and offers no way to forget. What a
state is made of can only be read from its description: which accounts there are, and which of their
slots were ever read or written. The values themselves are asked for.
"""

from __future__ import annotations

import re
from collections import defaultdict

from pyrevm import EVM

from steelyard.evm import GAS_LIMIT, Evm

_ACCOUNT = re.compile(r"(0x[0-9a-f]{40}): Account \{")
_SLOT = re.compile(r"(\d+): StorageSlot \{")


class Carrier:
    """Carries one Evm, again and again.

    A machine describes only what it was asked for, so what an earlier one knew is remembered here.
    """

    def __init__(self, evm: Evm) -> None:
        """Carry an Evm.

        Args:
            evm: Used by nobody else; without live snapshots whenever it is carried.
        """
        self._evm = evm
        self._slots: defaultdict[str, set[int]] = defaultdict(set)

    def carry(self) -> None:
        """Give the Evm a new machine in the same state; contracts of it stay good.

        Logs and gas of the last transaction are forgotten.
        """
        old, new = self._evm._revm, EVM(gas_limit=GAS_LIMIT)
        self._learn(old.journal_str)
        for account, slots in self._slots.items():
            # As it is, with its code analysed: otherwise every call would do that again.
            new.insert_account_info(account, old.basic(account))
            for slot in slots:
                value = old.storage(account, slot)
                if value:
                    new.insert_account_storage(account, slot, value)
        self._evm._revm = new
        self._evm.timestamp = self._evm.timestamp

    def _learn(self, described: str) -> None:
        """Remember the accounts and slots of a description."""
        # The journal itself comes after the state, and names slots in another way.
        end = described.index("transient_storage: ")
        accounts = list(_ACCOUNT.finditer(described, 0, end))
        ends = [match.start() for match in accounts[1:]] + [end]
        for match, stop in zip(accounts, ends, strict=True):
            slots = _SLOT.finditer(described, match.end(), stop)
            self._slots[match[1]].update(int(slot[1]) for slot in slots)
