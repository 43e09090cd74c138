import pytest


@pytest.mark.parametrize("decimals", [6, 8, 18])
def test_first_round(project, owner, chain, round_id, decimals):
    feed = owner.deploy(project.MockAggregator, decimals, "BTC / USD", 60_000 * 10**decimals)

    now = chain.blocks.head.timestamp
    first = round_id(1, 1)
    assert feed.latestRoundData() == (first, 60_000 * 10**decimals, now, now, first)
    assert feed.decimals() == decimals
    assert feed.description() == "BTC / USD"
    assert feed.version() == 4
    assert feed.owner() == owner


@pytest.mark.parametrize("answer", [0, -1, -(2**95), 2**95, -(2**255), 2**255 - 1])
def test_any_answer(project, owner, answer):
    feed = owner.deploy(project.MockAggregator, 8, "", answer)
    assert feed.latestRoundData()[1] == answer
