"""The hand-packed ABI codecs agree with eth-abi, and refuse what does not fit."""

import pytest
from eth_abi import decode as eth_abi_decode
from eth_abi import encode as eth_abi_encode
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from steelyard.abi import AbiError, Interface, canonical

POINT = {
    "type": "tuple",
    "components": [{"name": "x", "type": "int256"}, {"name": "y", "type": "uint8"}],
}
SCALARS = ["uint256", "uint8", "int256", "int128", "bool", "address", "bytes32", "bytes4"]


def interface(inputs=(), outputs=(), name="f"):
    params = [
        [p if isinstance(p, dict) else {"type": p} for p in side] for side in (inputs, outputs)
    ]
    abi = {"type": "function", "name": name, "inputs": params[0], "outputs": params[1]}
    return Interface("Test", [abi]).functions[name][0]


def values(param):
    """Strategy of the values of an ABI parameter."""
    kind = param["type"]
    if kind.endswith("]"):
        inner, length = kind[:-1].rsplit("[", 1)
        item = values({**param, "type": inner})
        size = {"min_size": int(length), "max_size": int(length)} if length else {"max_size": 3}
        return st.lists(item, **size).map(tuple)
    if kind == "tuple":
        return st.tuples(*map(values, param["components"]))
    if kind == "bool":
        return st.booleans()
    if kind == "string":
        return st.text(max_size=40)
    if kind == "address":
        return st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
    if kind.startswith("bytes"):
        length = int(kind[5:] or 40)
        return st.binary(min_size=length if kind != "bytes" else 0, max_size=length)
    bits = int(kind.removeprefix("u").removeprefix("int"))
    signed = kind.startswith("int")
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return st.integers(low, high)


leaves = st.sampled_from([*SCALARS, "string", "bytes"]).map(lambda kind: {"type": kind})


def nested(inner):
    structs = st.lists(inner, min_size=1, max_size=4).map(
        lambda parts: {
            "type": "tuple",
            "components": [{**part, "name": f"m{i}"} for i, part in enumerate(parts)],
        }
    )
    suffixes = st.sampled_from(["[]", "[2]"])
    arrays = st.builds(lambda p, suffix: {**p, "type": p["type"] + suffix}, inner, suffixes)
    return structs | arrays


params = st.recursive(leaves, nested, max_leaves=6)


@given(st.data())
def test_agrees_with_eth_abi(data):
    inputs = data.draw(st.lists(params, max_size=4))
    types = [canonical(param) for param in inputs]
    args = data.draw(st.tuples(*map(values, inputs)))
    encoded = interface(inputs=inputs).encode(args)
    assert encoded == keccak(text=f"f({','.join(types)})")[:4] + eth_abi_encode(types, args)
    decoded = interface(outputs=inputs).decode(encoded[4:])
    expected = eth_abi_decode(types, encoded[4:])
    assert decoded == (expected if len(types) > 1 else expected[0] if types else None)
    assert decoded == (args if len(types) > 1 else args[0] if types else None)


@pytest.mark.parametrize(
    ("kind", "value", "problem"),
    [
        ("uint256", -1, "out of range: -1"),
        ("uint256", 2**256, "out of range"),
        ("uint8", 256, "out of range: 256"),
        ("int256", 2**255, "out of range"),
        ("int128", -(2**127) - 1, "out of range"),
        ("uint256", True, "expected an int, got True"),
        ("uint256", 1.0, "expected an int, got 1.0"),
        ("uint256", "1", "expected an int, got '1'"),
        ("bool", 1, "expected a bool, got 1"),
        ("address", "0x" + "1" * 39, "not an address"),
        ("address", "0x" + "11 " * 12 + "1111", "not an address"),
        ("address", "0x" + "g" * 40, "non-hexadecimal"),
        ("address", 5, "not an address: 5"),
        ("bytes32", b"\0" * 31, "expected 32 bytes"),
        ("uint256[2]", (1,), "expected a sequence of 2 values"),
        (POINT, (1, 256), "out of range: 256"),
        (POINT, 7, "expected a sequence of 2 values, got 7"),
        ("string", 5, "expected a str, got 5"),
        ("bytes", "0x12", "expected bytes, got '0x12'"),
        ("uint256[]", 5, "expected a sequence, got 5"),
        ("address[]", ["0x12"], "not an address: '0x12'"),
    ],
)
@pytest.mark.parametrize("beside", ["uint256", "string"])
def test_refuses_what_does_not_fit(kind, value, problem, beside):
    param = {**(kind if isinstance(kind, dict) else {"type": kind}), "name": "amount"}
    function = interface(inputs=[beside, param])
    good = 1 if beside == "uint256" else "one"
    with pytest.raises(AbiError, match=rf"argument amount \(.*{problem}"):
        function.encode([good, value])


def test_limits_of_numbers_fit():
    types = ["uint256", "uint8", "int256", "int128"]
    limits = (2**256 - 1, 255, -(2**255), -(2**127))
    function = interface(inputs=types, outputs=types)
    words = function.encode(limits)[4:]
    assert words == eth_abi_encode(types, limits)
    assert function.decode(words) == limits


def test_wrong_number_of_arguments():
    with pytest.raises(AbiError, match=r"f\(uint256,bool\): expected 2 arguments, got 1"):
        interface(inputs=["uint256", "bool"]).encode([1])


def test_addresses_are_lower_case_and_taken_in_any_case():
    mixed = "0x" + "aB" * 20
    function = interface(inputs=["address"], outputs=["address"])
    assert function.decode(function.encode([mixed])[4:]) == mixed.lower()


def test_structs_are_named_tuples_also_inside_dynamic_values():
    data = eth_abi_encode(["(int256,uint8)", "(int256,uint8)[]"], [(-1, 2), [(3, 4)]])
    first, rest = interface(outputs=[POINT, {**POINT, "type": "tuple[]"}]).decode(data)
    assert (first.x, first.y) == (-1, 2)
    assert rest[0]._asdict() == {"x": 3, "y": 4}
    with pytest.raises(AttributeError):
        first.x = 1


def test_several_named_outputs_are_a_named_tuple():
    outputs = [{"name": "price", "type": "uint256"}, {"name": "from", "type": "bool"}]
    decoded = interface(outputs=outputs).decode(eth_abi_encode(["uint256", "bool"], [5, True]))
    assert decoded.price == 5
    assert decoded == (5, True), "a field that Python reserves is still there by position"


@pytest.mark.parametrize("output", ["uint256", "string"])
def test_short_return_data_is_an_error(output):
    with pytest.raises(AbiError, match=r"f\(\): .*(got 0|decode 0)"):
        interface(outputs=[output]).decode(b"")


def test_trailing_return_data_is_an_error():
    with pytest.raises(AbiError, match=r"f\(\): expected 32 bytes, got 64"):
        interface(outputs=["uint256"]).decode(bytes(64))
