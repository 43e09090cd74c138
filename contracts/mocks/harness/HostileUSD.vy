# pragma version 0.4.3
# No reentrancy lock: whoever is called back may come in again.
# pragma nonreentrancy off
"""
@title Collateral that misbehaves on demand
@license AGPL-3.0-only
@author Steelyard
@notice An ERC-20 of which a test chooses what a transfer answers, takes, and whom it calls meanwhile.
"""

# What a transfer answers.
flag Answer:
    YES
    NO
    NOTHING
    REVERT

decimals: public(uint8)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])

_answer: Answer
# Taken from every transfer, units.
_tax: uint256
# Who is called in the middle of a transfer, and with what.
_target: address
_call: Bytes[512]
# Whether it takes calls of functions that it does not have, such as a permit.
_takes_all: bool
# Whether the last such call worked, and what it answered.
entered: public(bool)
answered: public(Bytes[1024])


@deploy
def __init__(decimals: uint8):
    self.decimals = decimals
    self._answer = Answer.YES


@external
def mint(receiver: address, amount: uint256):
    self.balanceOf[receiver] += amount


@external
def approve(spender: address, amount: uint256) -> bool:
    self.allowance[msg.sender][spender] = amount
    return True


@external
def misbehave(answer: Answer, tax: uint256):
    self._answer = answer
    self._tax = tax


@external
def call_back(target: address, call: Bytes[512]):
    """
    @notice Call `target` in the middle of the next transfer, or of what `take_all` lets in.
    """
    self._target = target
    self._call = call


@external
def take_all(takes_all: bool):
    """
    @notice Take calls of functions that it does not have, or refuse them.
    """
    self._takes_all = takes_all


@external
def __default__():
    assert self._takes_all, "hostile: no such function"
    self._call_out()


@external
def act(target: address, call: Bytes[512]):
    """
    @notice Call `target` outside of any transfer, in the name of this token.
    """
    raw_call(target, call)


@external
@raw_return
def transfer(receiver: address, amount: uint256) -> Bytes[32]:
    return self._move(msg.sender, receiver, amount)


@external
@raw_return
def transferFrom(sender: address, receiver: address, amount: uint256) -> Bytes[32]:
    self.allowance[sender][msg.sender] -= amount
    return self._move(sender, receiver, amount)


@internal
def _move(sender: address, receiver: address, amount: uint256) -> Bytes[32]:
    assert self._answer != Answer.REVERT, "hostile: refused"
    if self._answer == Answer.NO:
        return abi_encode(False)
    self.balanceOf[sender] -= amount
    self.balanceOf[receiver] += amount - self._tax
    self._call_out()
    if self._answer == Answer.NOTHING:
        return b""
    return abi_encode(True)


@internal
def _call_out():
    if self._target == empty(address):
        return
    target: address = self._target
    # Once is enough: what is called may transfer too.
    self._target = empty(address)
    self.entered, self.answered = raw_call(
        target, self._call, max_outsize=1024, revert_on_failure=False
    )
