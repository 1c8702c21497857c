"""What a builder writes compiles and runs: arithmetic, loops, branches, masks, gathers, and memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from chainrule.native.assembly.builder import Builder
from chainrule.native.assembly.lanes import lane_loop, lane_offsets, load_lanes, store_lanes, strided_address
from chainrule.native.assembly.values import Type, Value, mangled, number_text

Compile = Callable[..., Callable[..., None]]

F64, I64 = Type("double"), Type("i64")
PAIR, FOUR = Type("double", 2), Type("double", 4)


@pytest.fixture
def function(callables: Callable[..., dict[Any, Callable[..., None]]]) -> Compile:
    """Compile one function of some arrays and ``n``."""

    def compile(write: Callable[[Builder, list[Value], Value], None], arrays: int = 2) -> Callable[..., None]:
        return callables({"f": write}, arrays)["f"]

    return compile


# Text -----------------------------------------------------------------------------------------------------------------


def test_types_and_numbers_as_text() -> None:
    assert [str(type) for type in (F64, FOUR, Type("ptr"))] == ["double", "<4 x double>", "ptr"]
    assert [mangled(type) for type in (F64, FOUR, Type("ptr"), Type("i1", 8))] == ["f64", "v4f64", "p0", "v8i1"]
    assert FOUR.of("i1") == Type("i1", 4)
    assert (FOUR.bits, FOUR.is_float, I64.is_float) == (64, True, False)
    assert number_text(1.0, "double") == number_text(1.0, "float") == "0x3FF0000000000000"
    assert number_text(0.1, "float") != number_text(0.1, "double")  # rounded to single precision first
    assert [number_text(1, scalar) for scalar in ("i64", "i1")] == ["1", "true"]


def test_names_are_used_once() -> None:
    b = Builder({"double": 4})
    names = [b.fresh() for _ in range(5)] + [b.fresh("%next") for _ in range(5)]
    assert len(set(names)) == 10


def test_an_intrinsic_is_declared_once() -> None:
    b = Builder({"double": 4})
    x = Value("%x", FOUR)
    b.sqrt(b.sqrt(x))
    assert b.declarations == {"declare <4 x double> @llvm.sqrt.v4f64(<4 x double>)"}


# Arithmetic -----------------------------------------------------------------------------------------------------------

BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "fadd": np.add,
    "fsub": np.subtract,
    "fmul": np.multiply,
    "fdiv": np.divide,
    "frem": np.fmod,
    "copysign": np.copysign,
}
INTEGERS: dict[str, Callable[[Any, Any], Any]] = {
    "iadd": np.add,
    "isub": np.subtract,
    "imul": np.multiply,
    "sdiv": lambda a, b: np.trunc(a / b).astype(np.int64),
    "srem": np.fmod,
    "and_": np.bitwise_and,
    "or_": np.bitwise_or,
    "xor": np.bitwise_xor,
}


@pytest.mark.parametrize("lanes", [0, 2, 4])
@pytest.mark.parametrize("name", [*BINARY, *INTEGERS])
def test_two_operands(name: str, lanes: int, function: Compile) -> None:
    scalar, dtype = ("double", float) if name in BINARY else ("i64", np.int64)
    type = Type(scalar, lanes)

    def write(b: Builder, arrays: list[Value], n: Value) -> None:
        x, y, out = arrays
        b.store(getattr(b, name)(b.load(x, type), b.load(y, type)), out)

    a, c = np.array([-7, 5, 9, -2]).astype(dtype), np.array([2, -3, 4, 5]).astype(dtype)
    out = np.zeros(4, dtype)
    function(write, 3)(a, c, out)
    width = max(lanes, 1)
    np.testing.assert_array_equal(out[:width], (BINARY | INTEGERS)[name](a, c)[:width])
    assert not out[width:].any()


def test_one_operand_and_constants(function: Compile) -> None:
    def write(b: Builder, arrays: list[Value], n: Value) -> None:
        x = b.load(arrays[0], FOUR)
        i = b.convert("fptosi", x, "i64")
        made = [
            b.fneg(x),
            b.fabs(x),
            b.sqrt(b.fabs(x)),
            b.rint(x),
            b.floor(x),
            b.fma(x, x, b.constant(0.5, FOUR)),
            b.ldexp(x, b.convert("trunc", i, "i32")),
            b.vector_of([1, 2, 3, 4], "double"),
            b.bits_constant(0x4008000000000000, FOUR),
            b.select(b.fcmp("olt", x, b.constant(0, FOUR)), b.constant(-1, FOUR), x),
            b.bitcast(b.xor(b.bitcast(x, "i64"), b.shl(b.constant(1, i.type), 63)), "double"),
            b.convert("sitofp", b.lshr(b.shl(i, 3), 1), "double"),
            b.convert("sitofp", b.ashr(i, 1), "double"),
            b.convert("sitofp", b.not_(i), "double"),
            b.convert("uitofp", b.not_(b.icmp("sgt", i, b.constant(1, i.type))), "double"),
        ]
        for position, value in enumerate(made):
            b.store(value, b.address(arrays[1], b.i64(4 * position), "double"))

    x = np.array([0.5, 2.5, 3.75, 2.0])
    out = np.zeros((15, 4))
    function(write)(x, out)
    i = x.astype(np.int64)
    wanted = [-x, x, np.sqrt(x), np.rint(x), np.floor(x), x * x + 0.5, x * 2.0**i, [1, 2, 3, 4], [3] * 4, x, -x]
    wanted += [i * 4, i // 2, -i - 1, i <= 1]
    np.testing.assert_array_equal(out, np.array(wanted, float))


def test_lanes_of_vectors(function: Compile) -> None:
    def write(b: Builder, arrays: list[Value], n: Value) -> None:
        x, out = b.load(arrays[0], FOUR), arrays[1]
        b.store(b.splat(b.lane(x, 2), 4), out)
        b.store(b.shuffle(x, b.fneg(x), [0, 4, 3, 7]), b.address(out, b.i64(4), "double"))
        b.store(b.convert("sitofp", b.lane_numbers(4), "double"), b.address(out, b.i64(8), "double"))
        assert b.splat(b.lane(x, 0), 0).type == F64  # no vector: the scalar itself

    x, out = np.array([1.0, 2.0, 3.0, 4.0]), np.zeros(12)
    function(write)(x, out)
    np.testing.assert_array_equal(out, [3, 3, 3, 3, 1, -1, 4, -4, 0, 1, 2, 3])


# Loops ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "stop", "step"), [(0, 1, 1), (0, 9, 1), (2, 9, 3), (2, 11, 3), (5, 2, 1)])
def test_a_loop_is_a_range_that_runs_at_least_once(start: int, stop: int, step: int, function: Compile) -> None:
    def write(b: Builder, arrays: list[Value], n: Value) -> None:
        loop = b.begin_loop(b.i64(start), n, step, [b.i64(0), b.i64(0)])
        total, rounds = loop.carried
        total, rounds = b.end_loop(loop, [b.iadd(total, loop.index), b.iadd(rounds, b.i64(1))])
        b.store(total, arrays[0])
        b.store(rounds, b.address(arrays[0], b.i64(1), "i64"))

    out = np.zeros(2, np.int64)
    function(write, 1)(out, n=stop)
    indices = list(range(start, stop, step)) or [start]
    assert out.tolist() == [sum(indices), len(indices)]


def test_a_loop_ends_early(function: Compile) -> None:
    """1 + 2 + 3 + ... until it is more than 20."""

    def write(b: Builder, arrays: list[Value], n: Value) -> None:
        loop = b.begin_loop(b.i64(1), n, 1, [b.i64(0)])
        total = b.iadd(loop.carried[0], loop.index)
        (total,) = b.end_loop(loop, [total], unless=b.icmp("sgt", total, b.i64(20)))
        b.store(total, arrays[0])

    out = np.zeros(1, np.int64)
    made = function(write, 1)
    made(out, n=100)
    assert out[0] == 21
    made(out, n=4)
    assert out[0] == 6


def test_loops_in_loops_with_branches(function: Compile) -> None:
    """Count the pairs i ≤ j, and sum their products."""

    def write(b: Builder, arrays: list[Value], n: Value) -> None:
        outer = b.begin_loop(b.i64(0), n, 1, [b.i64(0), b.i64(0)])
        inner = b.begin_loop(b.i64(0), n, 1, outer.carried)
        begun = b.begin_if(b.icmp("sle", outer.index, inner.index))
        count, total = inner.carried
        more = [b.iadd(count, b.i64(1)), b.iadd(total, b.imul(outer.index, inner.index))]
        carried = b.end_loop(inner, b.end_if(begun, inner.carried, more))
        for position, value in enumerate(b.end_loop(outer, carried)):
            b.store(value, b.address(arrays[0], b.i64(position), "i64"))

    out = np.zeros(2, np.int64)
    made = function(write, 1)
    for n in (1, 2, 7):
        made(out, n=n)
        pairs = [(i, j) for i in range(n) for j in range(i, n)]
        assert out.tolist() == [len(pairs), sum(i * j for i, j in pairs)]


# Branches -------------------------------------------------------------------------------------------------------------


def test_a_branch_hands_on_the_value_that_holds(function: Compile) -> None:
    def write(b: Builder, arrays: list[Value], n: Value) -> None:
        before = [b.constant(1.0, F64), b.constant(2.0, F64)]
        begun = b.begin_if(b.icmp("sgt", n, b.i64(3)))
        b.store(b.constant(5.0, F64), b.address(arrays[0], b.i64(2), "double"))
        inside = [b.convert("sitofp", n, "double"), b.constant(4.0, F64)]
        for position, value in enumerate(b.end_if(begun, before, inside)):
            b.store(value, b.address(arrays[0], b.i64(position), "double"))

    made = function(write, 1)
    for n, wanted in [(3, [1, 2, 0]), (7, [7, 4, 5])]:
        out = np.zeros(3)
        made(out, n=n)
        assert out.tolist() == wanted


# Memory ---------------------------------------------------------------------------------------------------------------

MASKS = [[bool(number >> bit & 1) for bit in range(4)] for number in range(16)]


@pytest.mark.parametrize("mask", MASKS)
def test_masked_loads_and_stores_touch_no_other_lane(mask: list[bool], function: Compile) -> None:
    def write(b: Builder, arrays: list[Value], n: Value) -> None:
        lanes = b.vector_of(mask, "i1")
        b.store(b.masked_load(arrays[0], lanes, FOUR), arrays[1])
        b.masked_store(b.constant(9.0, FOUR), arrays[2], lanes)

    x, loaded, stored = np.array([1.0, 2.0, 3.0, 4.0]), np.full(4, -1.0), np.full(4, -1.0)
    function(write, 3)(x, loaded, stored)
    np.testing.assert_array_equal(loaded, np.where(mask, x, 0))
    np.testing.assert_array_equal(stored, np.where(mask, 9, -1))


@pytest.mark.parametrize("mask", MASKS[::3])
def test_gathers_and_scatters(mask: list[bool], function: Compile) -> None:
    def write(b: Builder, arrays: list[Value], n: Value) -> None:
        x, places, out = arrays
        lanes, indices = b.vector_of(mask, "i1"), b.load(places, Type("i64", 4))
        picked = b.gather(x, indices, "double", lanes)
        b.store(picked, out)
        b.scatter(b.fneg(picked), b.address(out, b.i64(4), "double"), indices, lanes)

    x, places, out = np.arange(10.0) + 1, np.array([7, 0, 9, 3]), np.zeros(14)
    function(write, 3)(x, places, out)
    picked = np.where(mask, x[places], 0)
    scattered = np.zeros(10)
    scattered[places[mask]] = -x[places[mask]]
    np.testing.assert_array_equal(out, [*picked, *scattered])


def test_bytes_are_copied_and_cleared(function: Compile) -> None:
    def write(b: Builder, arrays: list[Value], n: Value) -> None:
        b.copy_bytes(arrays[0], arrays[1], 24)
        b.zero_bytes(b.address(arrays[1], b.i64(1), "double"), 8)

    x, out = np.array([1.0, 2.0, 3.0, 4.0]), np.full(4, -1.0)
    function(write)(x, out)
    assert out.tolist() == [1, 0, 3, -1]


# Axes by vectors ------------------------------------------------------------------------------------------------------

LENGTHS = [1, 2, 3, 4, 5, 7, 8, 9, 16, 19]


def twice(type: Type, stride: int, length: Callable[[Value], int | Value]) -> Any:
    """Writes out = 2x along an axis, and the sum of the elements, by vectors of a type."""

    def write(b: Builder, arrays: list[Value], n: Value) -> None:
        def body(index: Value, mask: Value | None, carried: list[Value]) -> list[Value]:
            here, there = (strided_address(b, array, index, stride, "double") for array in arrays[:2])
            if not type.lanes:
                x = b.load(here, type)
                b.store(b.fadd(x, x), there)
            else:
                x = load_lanes(b, here, type, mask, stride)
                store_lanes(b, b.fadd(x, x), there, mask, stride)
            return [b.fadd(carried[0], x)]

        (total,) = lane_loop(b, length(n), type.lanes, [b.constant(0.0, type)], body)
        b.store(total, arrays[2])

    return write


@pytest.mark.parametrize("stride", [1, 3])
@pytest.mark.parametrize("lanes", [0, 2, 4, 8])
@pytest.mark.parametrize("is_known", [True, False], ids=["known length", "any length"])
def test_an_axis_by_vectors(
    lanes: int, stride: int, is_known: bool, callables: Callable[..., dict[Any, Callable[..., None]]]
) -> None:
    """All elements once, and none besides, whether or not vectors divide the length."""
    type = Type("double", lanes)
    made = callables({k: twice(type, stride, lambda n, k=k: k if is_known else n) for k in LENGTHS}, 3)
    for length in LENGTHS:
        x, out, total = np.arange(1.0, 101), np.zeros(100), np.zeros(max(lanes, 1))
        made[length](x, out, total, n=length)
        wanted = np.zeros(100)
        wanted[: length * stride : stride] = 2 * x[: length * stride : stride]
        np.testing.assert_array_equal(out, wanted)
        assert total.sum() == wanted.sum() / 2


def test_an_axis_of_no_elements(callables: Callable[..., dict[Any, Callable[..., None]]]) -> None:
    for lanes in (0, 4):
        out, total = np.zeros(4), np.full(4, -1.0)
        made = callables({"f": twice(Type("double", lanes), 1, lambda n: n)}, 3)["f"]
        made(np.ones(4), out, total, n=0)
        assert not out.any()
        assert not total[: max(lanes, 1)].any()


def test_an_address_that_needs_no_instruction() -> None:
    b, base = Builder({"double": 4}), Value("%base", Type("ptr"))
    assert strided_address(b, base, 0, 5, "double") is base
    assert strided_address(b, base, Value("%i", I64), 0, "double") is base
    assert b.lines == []
    assert lane_offsets(b, 3, -2).text == "<i64 0, i64 -2, i64 -4>"
