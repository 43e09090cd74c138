# pragma version 0.4.3

flag Side:
    LONG
    SHORT


struct Position:
    owner: address
    size: int256
    is_open: bool


event Opened:
    owner: indexed(address)
    tag: indexed(String[8])
    size: int256
    note: String[16]


event Pinged: pass


interface Other:
    def ping(): nonpayable
    def read() -> uint256: view


positions: HashMap[address, Position]
count: public(uint256)
hint: transient(uint256)
LIMIT: immutable(uint256)


@deploy
@payable
def __init__(limit: uint256):
    assert limit != 0, "vault: zero limit"
    LIMIT = limit


@external
@payable
def open(size: int256, note: String[16] = "plain", tag: String[8] = "tag") -> uint256:
    assert convert(abs(size), uint256) <= LIMIT, "vault: above limit"
    self.positions[msg.sender] = Position(owner=msg.sender, size=size, is_open=True)
    self.count += 1
    log Opened(owner=msg.sender, tag=tag, size=size, note=note)
    return self.count


@external
@view
def position(owner: address) -> Position:
    return self.positions[owner]


@external
@pure
def pair() -> (uint256, bool):
    return 7, True


@external
@pure
def flip(side: Side) -> Side:
    return ~side


@external
@view
def clock() -> (uint256, uint256):
    return block.timestamp, block.number


@external
@view
def limit() -> uint256:
    return LIMIT


@external
def fail(how: uint256) -> uint256:
    self.count += 1
    if how == 0:
        assert self.count == 0
    if how == 1:
        return self.count - 99
    if how == 2:
        raw_revert(concat(0x4e487b71, convert(17, bytes32)))
    if how == 3:
        assert self.count == 0, UNREACHABLE
    if how == 4:
        raw_revert(b"garbage")
    return 0


@external
def burn():
    for i: uint256 in range(1_000_000):
        self.count += 1


@external
def set_hint() -> uint256:
    self.hint += 1
    return self.hint


@external
@nonreentrant
def locked_call(other: address):
    extcall Other(other).ping()


@external
@nonreentrant
def locked_twice():
    extcall Other(self).ping()


@external
@nonreentrant
def ping():
    self.count += 1
    log Pinged()


@external
@view
def read_other(other: address) -> uint256:
    return staticcall Other(other).read()


@external
@view
def read() -> uint256:
    return self.count
