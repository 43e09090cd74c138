# pragma version 0.4.3
# No reentrancy lock: nothing here calls another contract.
# pragma nonreentrancy off
"""
@title Mock Chainlink price feed
@license GNU Affero General Public License v3.0 only
@author Steelyard
@notice An AggregatorV3 whose rounds the owner writes: realistic ones with `push`, pathological ones
        with `set_latest_raw`. For tests and public testnets.
@dev Trust: the owner decides every answer. Rounds are numbered as on Chainlink's proxies,
     `roundId = (phase << 64) | round`, both counted from 1.

     One round is one word, and reading the latest takes one SLOAD, so that gas measured with this
     feed is not inflated by the mock. From the top bit down:

         | answer int96 | startedAt 40 | updatedAt 40 | phase 16 | flags 32 | round 32 |
         256            160            120            80         64         32         0

     - The answer is on top, so an arithmetic shift restores its sign.
     - Phase and round stay where `roundId` has them: one mask cuts `roundId` out.
     - REVERTS is only ever set in the word of the latest round.
     - WIDE marks a round with a field that does not fit. Such a round is stored in full, and its
       word keeps only the flags and, in place of the two dates, all 80 bits of `roundId`.
     - No word is zero: round 0 does not fit by definition. Zero means that there is no such round.
@custom:kill `set_reverts(True)` stops the feed.
"""

################################################################
#                          INTERFACES                          #
################################################################

from ...interfaces import IMockAggregator
from ...interfaces.external import IAggregatorV3

implements: IAggregatorV3
implements: IMockAggregator

################################################################
#                           MODULES                            #
################################################################

from snekmate.auth import ownable
from snekmate.auth import ownable_2step

initializes: ownable
initializes: ownable_2step[ownable := ownable]

# Giving up ownership is left out: a feed that nobody updates serves no test.
exports: (
    ownable_2step.owner,
    ownable_2step.pending_owner,
    ownable_2step.transfer_ownership,
    ownable_2step.accept_ownership,
)

################################################################
#                          CONSTANTS                           #
################################################################

# Version of the aggregators that this one resembles.
version: public(constant(uint256)) = 4

WIDE: constant(uint256) = 1 << 32
REVERTS: constant(uint256) = 1 << 33

MASK_32: constant(uint256) = 2**32 - 1
MASK_40: constant(uint256) = 2**40 - 1
MASK_64: constant(uint256) = 2**64 - 1
MASK_80: constant(uint256) = 2**80 - 1
# Phase and round in a word that is not WIDE: all of `roundId` but the flags.
ROUND_ID_MASK: constant(uint256) = MASK_80 - MASK_64 + MASK_32

# Round 1 of phase 1.
FIRST_ROUND: constant(uint80) = 2**64 + 1


struct Round:
    answer: int256
    started_at: uint256
    updated_at: uint256
    answered_in_round: uint80


################################################################
#                           STORAGE                            #
################################################################

# Decimals of every answer; written by the owner.
decimals: public(uint8)

# What the feed prices; written by the constructor.
description: public(String[64])

# Word of the latest round, laid out as above; written by the owner.
_latest: uint256

# Word of every round by `roundId`; written by the owner.
_words: HashMap[uint80, uint256]

# Rounds whose word is WIDE, by `roundId`; written by the owner.
_wide: HashMap[uint80, Round]

################################################################
#                         CONSTRUCTOR                          #
################################################################


@deploy
def __init__(decimals: uint8, description: String[64], answer: int256):
    """
    @notice The deployer becomes the owner, and round 1 of phase 1 is published.
    @param decimals Decimals of every answer (8 for most USD feeds: 1e8 = 1 USD)
    @param description Pair such as "ETH / USD", at most 64 bytes
    @param answer First price, in `decimals` decimals, any sign
    """
    ownable.__init__()
    ownable_2step.__init__()
    self.decimals = decimals
    self.description = description
    self._store(FIRST_ROUND, answer, block.timestamp, block.timestamp, FIRST_ROUND)


################################################################
#                            ADMIN                             #
################################################################


@external
def push(answer: int256):
    """
    @notice Publish the next round, dated now; owner only.
    @param answer Price in `decimals()` decimals, any sign
    """
    ownable._check_owner()
    self._push(answer, block.timestamp)


@external
def push_at(answer: int256, updated_at: uint256):
    """
    @notice Publish the next round with a date of choice; owner only.
    @param answer Price in `decimals()` decimals, any sign
    @param updated_at Date of the round (unix seconds), past or future; also its `startedAt`
    """
    ownable._check_owner()
    self._push(answer, updated_at)


@external
def set_latest_raw(
    round_id: uint80,
    answer: int256,
    started_at: uint256,
    updated_at: uint256,
    answered_in_round: uint80,
):
    """
    @notice Publish a round in which every field is given and none is checked; owner only.
    @dev Replaces the round when `round_id` exists. Later rounds count on from `round_id`.
    @param round_id `(phase << 64) | round`, any value
    @param answer Price in `decimals()` decimals, any value
    @param started_at Unix seconds, any value
    @param updated_at Unix seconds, any value
    @param answered_in_round Usually `round_id`; less for an answer carried over
    """
    ownable._check_owner()
    self._store(round_id, answer, started_at, updated_at, answered_in_round)


@external
def bump_phase():
    """
    @notice Begin the next phase, as when Chainlink replaces the aggregator behind a feed; owner
            only.
    @dev The latest answer is published again, with its old dates, as round 1 of the new phase.
    """
    ownable._check_owner()
    round_id: uint80 = 0
    answer: int256 = 0
    started_at: uint256 = 0
    updated_at: uint256 = 0
    answered_in_round: uint80 = 0
    round_id, answer, started_at, updated_at, answered_in_round = self._read(self._latest)

    old_phase: uint256 = convert(round_id, uint256) >> 64
    new_phase: uint256 = old_phase + 1
    log IMockAggregator.PhaseUpdated(old_phase=old_phase, new_phase=new_phase)

    round_id = convert((new_phase << 64) | 1, uint80)
    self._store(round_id, answer, started_at, updated_at, round_id)


@external
def set_decimals(decimals: uint8):
    """
    @notice Change what `decimals()` says; owner only.
    @dev Answers are not converted.
    @param decimals Decimals of every answer, 0..255
    """
    ownable._check_owner()
    log IMockAggregator.DecimalsUpdated(old_decimals=self.decimals, new_decimals=decimals)
    self.decimals = decimals


@external
def set_reverts(reverts: bool):
    """
    @notice Make `latestRoundData` revert, or work again; owner only. `getRoundData` always works.
    @param reverts True to revert
    """
    ownable._check_owner()
    word: uint256 = self._latest
    log IMockAggregator.RevertsUpdated(old_reverts=word & REVERTS != 0, new_reverts=reverts)
    self._latest = word | REVERTS if reverts else word & ~REVERTS


################################################################
#                             VIEW                             #
################################################################


@external
@view
def latestRoundData() -> (uint80, int256, uint256, uint256, uint80):
    """
    @notice The newest round.
    @return roundId `(phase << 64) | round`
    @return answer Price in `decimals()` decimals, any sign
    @return startedAt Unix seconds
    @return updatedAt Unix seconds
    @return answeredInRound Equal to `roundId` unless `set_latest_raw` said otherwise
    """
    word: uint256 = self._latest
    assert word & REVERTS == 0, "mock_aggregator: made to revert"
    return self._read(word)


@external
@view
def getRoundData(round_id: uint80) -> (uint80, int256, uint256, uint256, uint80):
    """
    @notice One past round.
    @param round_id `(phase << 64) | round`
    @return roundId The same `round_id`
    @return answer Price in `decimals()` decimals, any sign
    @return startedAt Unix seconds
    @return updatedAt Unix seconds
    @return answeredInRound Equal to `roundId` unless `set_latest_raw` said otherwise
    """
    word: uint256 = self._words[round_id]
    # Chainlink's own words, which consumers may match.
    assert word != 0, "No data present"
    return self._read(word)


################################################################
#                           INTERNAL                           #
################################################################


@internal
def _push(answer: int256, updated_at: uint256):
    """
    @notice Publish the next round of the current phase.
    @param answer Price in `decimals()` decimals, any sign
    @param updated_at Both dates of the round (unix seconds)
    """
    round_id: uint80 = self._round_id(self._latest) + 1
    self._store(round_id, answer, updated_at, updated_at, round_id)


@internal
def _store(
    round_id: uint80,
    answer: int256,
    started_at: uint256,
    updated_at: uint256,
    answered_in_round: uint80,
):
    """
    @notice Write a round, in one word if it fits, and make it the latest.
    @param round_id `(phase << 64) | round`
    @param answer Price in `decimals()` decimals
    @param started_at Unix seconds
    @param updated_at Unix seconds
    @param answered_in_round `round_id` or another one
    """
    id: uint256 = convert(round_id, uint256)
    number: uint256 = id & MASK_64
    word: uint256 = 0
    if (
        answered_in_round == round_id
        and number != 0
        and number <= MASK_32
        and (answer << 160) >> 160 == answer
        and started_at <= MASK_40
        and updated_at <= MASK_40
    ):
        # The shift drops the copies of the sign above bit 95.
        word = convert(convert(answer, bytes32), uint256) << 160
        word |= (started_at << 120) | (updated_at << 80) | id
    else:
        word = (id << 80) | WIDE
        self._wide[round_id] = Round(
            answer=answer,
            started_at=started_at,
            updated_at=updated_at,
            answered_in_round=answered_in_round,
        )

    self._words[round_id] = word
    self._latest = word | (self._latest & REVERTS)
    log IMockAggregator.AnswerUpdated(current=answer, roundId=id, updatedAt=updated_at)


@internal
@view
def _read(word: uint256) -> (uint80, int256, uint256, uint256, uint80):
    """
    @notice The round that a word stands for.
    @param word A word of `_words` or `_latest`, not zero
    @return Fields in the order of `latestRoundData`
    """
    round_id: uint80 = self._round_id(word)
    if word & WIDE != 0:
        data: Round = self._wide[round_id]
        return round_id, data.answer, data.started_at, data.updated_at, data.answered_in_round

    return (
        round_id,
        convert(convert(word, bytes32), int256) >> 160,
        (word >> 120) & MASK_40,
        (word >> 80) & MASK_40,
        round_id,
    )


@internal
@pure
def _round_id(word: uint256) -> uint80:
    """
    @notice The `roundId` in a word.
    @param word A word of `_words` or `_latest`
    @return round_id `(phase << 64) | round`
    """
    if word & WIDE != 0:
        return convert((word >> 80) & MASK_80, uint80)
    return convert(word & ROUND_ID_MASK, uint80)
