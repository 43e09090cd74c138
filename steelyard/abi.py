"""ABI codecs that are built once per contract and then cost about a microsecond a call.

eth-abi looks every type up anew and checks every value twice: five arguments take it 15 us and a
struct of eight 45 us, while the in-process EVM runs a whole call in 6 us. Arguments and static
values are therefore packed here. Return data with a dynamic part, where offsets must not be
trusted, goes through eth-abi.

Python types: integers and flags are `int`; an `address` comes back as a **lower-case** hex `str`
and is accepted in any case, or as an object with an `address` attribute; bytes are `bytes`; a
struct comes back as a namedtuple with the fields of the ABI and is accepted as any sequence; other
tuples and arrays come back as tuples.
"""

from __future__ import annotations

import functools
import re
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode as eth_abi_decode
from eth_utils.crypto import keccak

from steelyard.errors import SteelyardError

AbiItem = Mapping[str, Any]
Pack = Callable[[Any], bytes]  # raises TypeError, ValueError or OverflowError
Unpack = Callable[[bytes, int], Any]  # data and offset (bytes); the length was checked before

WORD = 32
_ARRAY = re.compile(r"(.+)\[(\d*)\]")
_NUMBER = re.compile(r"(u?)int(\d+)")
_BYTES = re.compile(r"bytes(\d+)")
_HASHED = re.compile(r"(string|bytes|tuple)$|.*\]$")  # types whose topic is a hash


class AbiError(SteelyardError):
    """Arguments do not fit a function, or a contract returned something else than its ABI says."""


@dataclass(frozen=True, slots=True)
class Function:
    """One ABI entry: a function of one arity, or a constructor (with an empty selector).

    Attributes:
        signature: Canonical form, e.g. `transfer(address,uint256)`.
        inputs: ABI parameters.
        is_view: True for view and pure functions.
        encode: Arguments to calldata; raises AbiError that names the offending argument.
        decode: Return data to a value (None without outputs); raises AbiError.
    """

    signature: str
    inputs: tuple[AbiItem, ...]
    is_view: bool
    encode: Callable[[Sequence[Any]], bytes]
    decode: Callable[[bytes], Any]


@dataclass(frozen=True, slots=True)
class Event:
    """One ABI event. `decode` takes topics (each 32 bytes) and data to a namedtuple."""

    name: str
    topic: bytes
    decode: Callable[[Sequence[bytes], bytes], Any]


class Interface:
    """The codecs of one contract.

    Args:
        name: Contract name, for error messages.
        abi: ABI as the compiler gives it.

    Attributes:
        functions: Function name to its entries, one per overload or default argument.
        constructor: Encodes constructor arguments.
        events: First topic (32 bytes) to event.

    Example:
        >>> erc20 = Interface("Token", [{"type": "function", "name": "balanceOf",
        ...     "inputs": [{"name": "owner", "type": "address"}],
        ...     "outputs": [{"name": "", "type": "uint256"}], "stateMutability": "view"}])
        >>> balance_of = erc20.functions["balanceOf"][0]
        >>> balance_of.encode(["0x" + "11" * 20])[:4].hex()
        '70a08231'
        >>> balance_of.decode((7).to_bytes(32, "big"))
        7
    """

    def __init__(self, name: str, abi: Sequence[AbiItem]) -> None:
        """Build all codecs."""
        self.name = name
        self.functions: dict[str, tuple[Function, ...]] = {}
        self.constructor = _function({"name": "__init__", "inputs": ()}, constructor=True)
        self.events: dict[bytes, Event] = {}
        for item in abi:
            if item["type"] == "function":
                overloads = self.functions.get(item["name"], ())
                self.functions[item["name"]] = (*overloads, _function(item))
            elif item["type"] == "constructor":
                self.constructor = _function({"name": "__init__", **item}, constructor=True)
            elif item["type"] == "event":
                event = _event(item)
                self.events[event.topic] = event


def canonical(param: AbiItem) -> str:
    """Return the type of a parameter as signatures spell it.

    >>> canonical({"type": "tuple[2]", "components": [{"type": "int256"}, {"type": "bool"}]})
    '(int256,bool)[2]'
    """
    kind: str = param["type"]
    if kind.startswith("tuple"):
        return f"({','.join(map(canonical, param['components']))}){kind.removeprefix('tuple')}"
    return kind


def address_bytes(value: Any) -> bytes:
    """Return the 20 bytes of an address: hex str in any case, or an object with `.address`.

    >>> address_bytes("0x" + "aB" * 20).hex()
    'abababababababababababababababababababab'
    """
    text = value if isinstance(value, str) else getattr(value, "address", None)
    if isinstance(text, str) and len(text) == 42 and text[:2] == "0x":
        raw = bytes.fromhex(text[2:])
        if len(raw) == 20:  # fewer if fromhex skipped white space
            return raw
    raise ValueError(f"not an address: {value!r}")


def _function(item: AbiItem, constructor: bool = False) -> Function:
    inputs, outputs = tuple(item["inputs"]), tuple(item.get("outputs", ()))
    signature = f"{item['name']}({','.join(map(canonical, inputs))})"
    selector = b"" if constructor else keccak(text=signature)[:4]
    decode_all = _decoder({"type": "tuple", "components": outputs, "name": item["name"]})

    def decode(data: bytes) -> Any:
        try:
            values = decode_all(data)
        except ValueError as error:
            raise AbiError(f"{signature}: {error}") from error
        return values[0] if len(outputs) == 1 else values if outputs else None

    return Function(
        signature=signature,
        inputs=inputs,
        is_view=item.get("stateMutability") in ("view", "pure"),
        encode=_encoder(signature, selector, inputs),
        decode=decode,
    )


def _event(item: AbiItem) -> Event:
    inputs = tuple(item["inputs"])
    signature = f"{item['name']}({','.join(map(canonical, inputs))})"
    make = _record(item["name"], tuple(param["name"] for param in inputs))
    plain = tuple(param for param in inputs if not param["indexed"])
    decode_plain = _decoder({"type": "tuple", "components": plain, "name": item["name"]})
    indexed = [param["indexed"] for param in inputs]
    # The topic of anything but a number or the like is its hash: that is all there is to return.
    topic_codecs = [
        (lambda topic, _: topic) if _HASHED.match(param["type"]) else _unpacker(param)
        for param in inputs
        if param["indexed"]
    ]

    def decode(topics: Sequence[bytes], data: bytes) -> Any:
        try:
            from_data = iter(decode_plain(data))
            words = zip(topic_codecs, topics[1:], strict=True)
            from_topics = iter([unpack(word, 0) for unpack, word in words])
        except ValueError as error:
            raise AbiError(f"event {signature}: {error}") from error
        return make([next(from_topics if is_indexed else from_data) for is_indexed in indexed])

    return Event(name=item["name"], topic=keccak(text=signature), decode=decode)


def _encoder(
    signature: str, selector: bytes, inputs: tuple[AbiItem, ...]
) -> Callable[[Sequence[Any]], bytes]:
    pack = _packer({"type": "tuple", "components": inputs})

    def encode(args: Sequence[Any]) -> bytes:
        try:
            return selector + pack(args)
        except (TypeError, ValueError, OverflowError) as error:
            raise AbiError(f"{signature}: {_misfit(inputs, args)}") from error

    return encode


def _misfit(inputs: tuple[AbiItem, ...], args: Sequence[Any]) -> str:
    """Say which argument does not fit; slow, so only asked once one does not."""
    if len(args) != len(inputs):
        return f"expected {len(inputs)} arguments, got {len(args)}"
    for index, (param, value) in enumerate(zip(inputs, args, strict=True)):
        try:
            _packer(param)(value)
        except (TypeError, ValueError, OverflowError) as error:
            return f"argument {param.get('name') or index} ({canonical(param)}): {error}"
    raise AssertionError("every argument fits alone but not together")


def _decoder(param: AbiItem) -> Callable[[bytes], Any]:
    """Return the decoder of a whole return value or log, given as one tuple parameter."""
    words = _words(param)
    types = [canonical(component) for component in param["components"]]
    unpack = _unpacker(param) if words is not None else None

    def decode(data: bytes) -> Any:
        if unpack is None or words is None:
            try:
                return _shape(param, eth_abi_decode(types, data))
            except Exception as error:  # eth-abi raises several kinds on data that is too short
                raise ValueError(f"cannot decode {len(data)} bytes: {error}") from error
        if len(data) != words * WORD:
            raise ValueError(f"expected {words * WORD} bytes, got {len(data)} (no contract there?)")
        return unpack(data, 0)

    return decode


def _array(param: AbiItem) -> tuple[AbiItem, int | None] | None:
    """Return the element and the length (None: dynamic) of an array type, None for others."""
    if (match := _ARRAY.fullmatch(param["type"])) is None:
        return None
    return {**param, "type": match[1]}, int(match[2]) if match[2] else None


def _words(param: AbiItem) -> int | None:
    """Return how many words a static type takes, None for a dynamic one."""
    if (array := _array(param)) is not None:
        element, length = array
        each = _words(element)
        return None if each is None or length is None else each * length
    if param["type"] == "tuple":
        sizes = [_words(component) for component in param["components"]]
        return None if None in sizes else sum(filter(None, sizes))
    return None if param["type"] in ("string", "bytes") else 1


def _packer(param: AbiItem) -> Pack:
    kind = param["type"]
    if (array := _array(param)) is not None:
        element, length = array
        return _array_packer(element) if length is None else _sequence_packer([element] * length)
    if kind == "tuple":
        return _sequence_packer(param["components"])
    if match := _NUMBER.fullmatch(kind):
        return _number_packer(bits=int(match[2]), signed=not match[1])
    if match := _BYTES.fullmatch(kind):
        return _bytes_packer(int(match[1]))
    return _PACKERS[kind]


def _sequence_packer(params: Sequence[AbiItem]) -> Pack:
    packs = [_packer(param) for param in params]
    dynamic = [_words(param) is None for param in params]
    is_static = not any(dynamic)

    def pack(value: Any) -> bytes:
        if not isinstance(value, (tuple, list)) or len(value) != len(packs):
            raise TypeError(f"expected a sequence of {len(packs)} values, got {value!r}")
        parts = [pack(item) for pack, item in zip(packs, value, strict=True)]
        return b"".join(parts) if is_static else _head_and_tail(parts, dynamic)

    return pack


def _array_packer(element: AbiItem) -> Pack:
    pack_item, is_dynamic = _packer(element), _words(element) is None

    def pack(value: Any) -> bytes:
        if not isinstance(value, (tuple, list)):
            raise TypeError(f"expected a sequence, got {value!r}")
        parts = [pack_item(item) for item in value]
        return _word(len(parts)) + _head_and_tail(parts, [is_dynamic] * len(parts))

    return pack


def _head_and_tail(parts: list[bytes], dynamic: Sequence[bool]) -> bytes:
    """Return encoded parts one after the other, the dynamic ones behind, found by offset."""
    at = sum(WORD if moved else len(part) for part, moved in zip(parts, dynamic, strict=True))
    heads, tails = [], []
    for part, moved in zip(parts, dynamic, strict=True):
        heads.append(_word(at) if moved else part)
        if moved:
            tails.append(part)
            at += len(part)
    return b"".join(heads + tails)


def _word(number: int) -> bytes:
    return number.to_bytes(WORD, "big")


def _number_packer(bits: int, signed: bool) -> Pack:
    low, high = (-(1 << bits - 1), 1 << bits - 1) if signed else (0, 1 << bits)

    def pack(value: Any) -> bytes:
        if type(value) is not int and (not isinstance(value, int) or isinstance(value, bool)):
            raise TypeError(f"expected an int, got {value!r}")
        if not low <= value < high:
            raise OverflowError(f"out of range: {value}")
        return value.to_bytes(WORD, "big", signed=signed)

    return pack


def _bytes_packer(length: int) -> Pack:
    def pack(value: Any) -> bytes:
        if not isinstance(value, bytes) or len(value) != length:
            raise TypeError(f"expected {length} bytes, got {value!r}")
        return value.ljust(WORD, b"\0")

    return pack


def _pack_bool(value: Any) -> bytes:
    if not isinstance(value, bool):
        raise TypeError(f"expected a bool, got {value!r}")
    return _word(value)


def _pack_bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(f"expected bytes, got {value!r}")
    return _word(len(value)) + value + bytes(-len(value) % WORD)


def _pack_string(value: Any) -> bytes:
    if not isinstance(value, str):
        raise TypeError(f"expected a str, got {value!r}")
    return _pack_bytes(value.encode())


_PACKERS: dict[str, Pack] = {
    "bool": _pack_bool,
    "address": lambda value: bytes(12) + address_bytes(value),
    "bytes": _pack_bytes,
    "string": _pack_string,
}


def _unpacker(param: AbiItem) -> Unpack:
    kind = param["type"]
    if (array := _array(param)) is not None:
        return _sequence_unpacker([array[0]] * (array[1] or 0), tuple)
    if kind == "tuple":
        return _sequence_unpacker(param["components"], _maker(param))
    if match := _NUMBER.fullmatch(kind):
        signed = not match[1]
        return lambda data, at: int.from_bytes(data[at : at + WORD], "big", signed=signed)
    if match := _BYTES.fullmatch(kind):
        length = int(match[1])
        return lambda data, at: data[at : at + length]
    if kind == "address":
        return lambda data, at: "0x" + data[at + 12 : at + WORD].hex()
    return {"bool": lambda data, at: data[at + WORD - 1] == 1}[kind]


def _sequence_unpacker(params: Sequence[AbiItem], make: Callable[[list[Any]], Any]) -> Unpack:
    parts: list[tuple[Unpack, int]] = []
    offset = 0
    for param in params:
        parts.append((_unpacker(param), offset))
        offset += (_words(param) or 0) * WORD
    return lambda data, at: make([unpack(data, at + start) for unpack, start in parts])


def _maker(param: AbiItem) -> Callable[[list[Any]], Any]:
    # Vyper's ABI does not carry the names of structs: the type is named after the parameter.
    names = tuple(component.get("name", "") for component in param["components"])
    return _record(param.get("name") or "Struct", names) if names and all(names) else tuple


@functools.cache
def _record(name: str, fields: tuple[str, ...]) -> Callable[[list[Any]], Any]:
    # Names that Python reserves become _0, _1, ... mypy wants names that it can read.
    record: Any = namedtuple(name, fields, rename=True)  # type: ignore[misc]
    make: Callable[[list[Any]], Any] = record._make
    return make


def _shape(param: AbiItem, value: Any) -> Any:
    """Return a value that eth-abi decoded with namedtuples for structs."""
    if (array := _array(param)) is not None:
        return tuple(_shape(array[0], item) for item in value)
    if param["type"] == "tuple":
        parts = zip(param["components"], value, strict=True)
        return _maker(param)([_shape(component, item) for component, item in parts])
    return value
