"""A keeper that dies at any point of a step: its successor neither forgets nor doubles anything."""

import pytest

pytestmark = pytest.mark.node


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


def dying_at(question, *, answered):
    """A process that dies as it asks its so-many-th question, before or after the node got it."""
    asked = iter(range(10_000))

    def fault(method, params, ask):
        if next(asked) < question:
            return ask()
        if answered:
            ask()
        raise Killed

    return fault


def finish(chain, bot):
    """Let a keeper work until nothing is due and nothing pending."""
    for _ in range(20):
        chain.mine()
        assert bot.step().error == ""
        if chain.in_band() and not bot.state.pending:
            return
    raise AssertionError(f"not in band: {bot.state.pending}")


@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
def test_death_at_every_question_of_a_step(chain, bot, answered):
    """Two steps, of which one sends two transactions and the other books them."""
    died, question = 0, 0
    while True:
        with chain.kept():
            bot.folder = bot.folder / "again"
            bot.start()
            chain.push(ETH=1_750)
            with bot.wire.broken(dying_at(question, answered=answered)):
                try:
                    bot.step()
                    chain.mine()
                    bot.step()
                    break
                except Killed:
                    died += 1
            bot.start()
            finish(chain, bot)
            assert bot.nonce == 2
            assert [b.outcome for b in bot.state.bookings] == ["done", "done"]
            bot.check_books()
        question += 1
    assert died == question > 30


def test_death_between_the_books_and_the_node(chain, bot, monkeypatch):
    chain.push(ETH=1_800)
    with bot.wire.broken(dying_at(0, answered=False)) as _, pytest.raises(Killed):
        bot.step()
    monkeypatch.setattr(bot.chain, "send_raw", _die)
    with pytest.raises(Killed):
        bot.step()
    (signed,) = bot.state.pending
    bot.start()
    assert bot.deeds() == ["resent"]
    assert bot.state.pending == (signed,)
    finish(chain, bot)
    bot.check_books()


def _die(raw):
    raise Killed


def test_death_before_the_books_leaves_nothing_behind(chain, bot, monkeypatch):
    chain.push(ETH=1_800)
    signed = []
    signer = bot.signer

    class Dying:
        address = signer.address

        def sign_transaction(self, transaction):
            signed.append(transaction)
            raise Killed

    bot.signer = Dying()
    bot.start()
    with pytest.raises(Killed):
        bot.step()
    assert len(signed) == 1
    assert bot.state.pending == ()
    bot.signer = signer
    bot.start()
    assert bot.deeds() == ["sent"]
    finish(chain, bot)
    bot.check_books()


def test_books_that_are_lost_cost_a_call_and_not_a_transaction(chain, bot):
    chain.push(ETH=1_800)
    bot.step()
    bot.folder = bot.folder / "empty"
    bot.start()
    assert bot.deeds() == ["lost"]
    chain.mine()
    assert bot.deeds() == []
    assert bot.nonce == 1
