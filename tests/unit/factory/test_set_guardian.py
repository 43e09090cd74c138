from steelyard.contract import ZERO_ADDRESS
from tests.unit.factory.helpers import GUARDIAN, NOT_OWNER, OWNER, STRANGER
from tests.unit.token.helpers import reverts


def test_chooses(works, factory):
    for old, new in ((GUARDIAN, STRANGER), (STRANGER, ZERO_ADDRESS)):
        factory.set_guardian(new, sender=OWNER)
        assert [(log.name, tuple(log.args)) for log in works.evm.logs] == [
            ("GuardianUpdated", (old, new))
        ]
        assert factory.guardian() == new


def test_owner_only(factory):
    for account in (GUARDIAN, STRANGER):
        with reverts(NOT_OWNER):
            factory.set_guardian(account, sender=account)
