"""LLVM assembly as text, one instruction at a time.

The vector types are explicit (``<16 x float>``): what is written here is what the machine runs, and nothing is left to
the optimiser's idea of a loop. Text is also several times quicker to make and to parse than trees of objects.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.native.assembly.values import Type, Value, mangled, number_text

__all__ = ["Builder", "Loop"]

_I64, _PTR = Type("i64"), Type("ptr")


@dataclass(slots=True)
class Loop:
    """A loop under construction: its index, and the values it carries from one round to the next."""

    index: Value
    carried: list[Value]
    body: str
    step: int
    stop: Value
    phi_position: int
    starts: list[Value]
    start: Value
    entry: str
    next_index: str = ""


class Builder:
    """Writes the body of one function.

    Parameters
    ----------
    lanes_of : dict of str to int
        How many elements of ``float``, ``double``, ... fill a vector register.
    has_fma : bool
        Whether the machine has a fused multiply-add; without it `fma` rounds twice.
    has_avx512 : bool
        Whether the machine has AVX-512's instructions for exponents and mantissas.

    Attributes
    ----------
    lines : list of str
    declarations : set of str
        Intrinsics and outer functions that the body calls.

    Examples
    --------
    >>> b = Builder({"float": 4, "double": 2})
    >>> x = Value("%x", Type("float", 4))
    >>> b.fadd(x, b.constant(1.0, x.type))
    Value(text='%v1', type=Type(scalar='float', lanes=4))
    >>> b.lines
    ['%v1 = fadd <4 x float> %x, splat (float 0x3FF0000000000000)']
    """

    def __init__(self, lanes_of: dict[str, int], has_fma: bool = True, has_avx512: bool = False) -> None:
        self.lanes_of = lanes_of
        self.has_fma = has_fma
        self.has_avx512 = has_avx512
        self.lines: list[str] = []
        self.declarations: set[str] = set()
        self._counter = 0
        self._block = "entry"

    # Names and constants ---------------------------------------------------------------------------------------

    def number_from(self, other: Builder) -> None:
        """Go on after the names that another builder has given."""
        self._counter = other._counter

    def fresh(self, prefix: str = "%v") -> str:
        """A new name."""
        self._counter += 1
        return f"{prefix}{self._counter}"

    def constant(self, value: float | int, type: Type) -> Value:
        """A number, in every lane."""
        text = number_text(value, type.scalar)
        return Value(f"splat ({type.scalar} {text})" if type.lanes else text, type)

    def vector_of(self, values: Sequence[float | int], scalar: str) -> Value:
        """A vector of given numbers."""
        text = ", ".join(f"{scalar} {number_text(value, scalar)}" for value in values)
        return Value(f"<{text}>", Type(scalar, len(values)))

    def i64(self, value: int) -> Value:
        """A 64-bit integer constant."""
        return Value(str(value), _I64)

    def bits_constant(self, bits: int, type: Type) -> Value:
        """A floating-point number given by its bits, in every lane."""
        if type.scalar == "float":
            value = struct.unpack("<f", struct.pack("<I", bits))[0]
        else:
            value = struct.unpack("<d", struct.pack("<Q", bits))[0]
        return self.constant(value, type)

    # Instructions ----------------------------------------------------------------------------------------------

    def emit(self, text: str, type: Type) -> Value:
        """An instruction with a result."""
        name = self.fresh()
        self.lines.append(f"{name} = {text}")
        return Value(name, type)

    def _binary(self, op: str, a: Value, b: Value) -> Value:
        return self.emit(f"{op} {a.type} {a.text}, {b.text}", a.type)

    def fadd(self, a: Value, b: Value) -> Value:
        return self._binary("fadd", a, b)

    def fsub(self, a: Value, b: Value) -> Value:
        return self._binary("fsub", a, b)

    def fmul(self, a: Value, b: Value) -> Value:
        return self._binary("fmul", a, b)

    def fdiv(self, a: Value, b: Value) -> Value:
        return self._binary("fdiv", a, b)

    def frem(self, a: Value, b: Value) -> Value:
        return self._binary("frem", a, b)

    def fneg(self, a: Value) -> Value:
        return self.emit(f"fneg {a}", a.type)

    def fma(self, a: Value, b: Value, c: Value) -> Value:
        """a · b + c, rounded once where the machine can."""
        return self.intrinsic("fmuladd", a, b, c)

    def iadd(self, a: Value, b: Value) -> Value:
        return self._binary("add", a, b)

    def isub(self, a: Value, b: Value) -> Value:
        return self._binary("sub", a, b)

    def imul(self, a: Value, b: Value) -> Value:
        return self._binary("mul", a, b)

    def sdiv(self, a: Value, b: Value) -> Value:
        """Divide integers, rounding towards 0. The divisor must not be 0, and the quotient must fit."""
        return self._binary("sdiv", a, b)

    def srem(self, a: Value, b: Value) -> Value:
        """What is left of an integer division that rounds towards 0."""
        return self._binary("srem", a, b)

    def shl(self, a: Value, count: int) -> Value:
        return self._binary("shl", a, self.constant(count, a.type))

    def lshr(self, a: Value, count: int) -> Value:
        return self._binary("lshr", a, self.constant(count, a.type))

    def ashr(self, a: Value, count: int) -> Value:
        return self._binary("ashr", a, self.constant(count, a.type))

    def and_(self, a: Value, b: Value) -> Value:
        return self._binary("and", a, b)

    def or_(self, a: Value, b: Value) -> Value:
        return self._binary("or", a, b)

    def xor(self, a: Value, b: Value) -> Value:
        return self._binary("xor", a, b)

    def not_(self, a: Value) -> Value:
        return self._binary("xor", a, self.constant(1 if a.type.scalar == "i1" else -1, a.type))

    def fcmp(self, condition: str, a: Value, b: Value) -> Value:
        """Compare: ``olt``, ``oeq``, ``une``, ``uno`` (either is NaN), ..."""
        return self.emit(f"fcmp {condition} {a.type} {a.text}, {b.text}", a.type.of("i1"))

    def icmp(self, condition: str, a: Value, b: Value) -> Value:
        """Compare integers: ``eq``, ``slt``, ``ult``, ..."""
        return self.emit(f"icmp {condition} {a.type} {a.text}, {b.text}", a.type.of("i1"))

    def select(self, condition: Value, a: Value, b: Value) -> Value:
        return self.emit(f"select {condition}, {a}, {b}", a.type)

    def convert(self, op: str, a: Value, scalar: str) -> Value:
        """``sitofp``, ``fptosi``, ``fpext``, ``fptrunc``, ``sext``, ``zext``, ``trunc``, ``bitcast`` lane by lane."""
        to = a.type.of(scalar)
        return self.emit(f"{op} {a} to {to}", to)

    def bitcast(self, a: Value, scalar: str) -> Value:
        """The same bits as another type of the same width."""
        return self.convert("bitcast", a, scalar)

    def intrinsic(self, name: str, *args: Value, result: Type | None = None) -> Value:
        """Call ``llvm.NAME``, whose overloads go by the type of the first argument."""
        type = result or args[0].type
        full = f"@llvm.{name}.{mangled(args[0].type)}"
        self.declarations.add(f"declare {type} {full}({', '.join(str(arg.type) for arg in args)})")
        return self.emit(f"call {type} {full}({', '.join(map(str, args))})", type)

    def fabs(self, a: Value) -> Value:
        return self.intrinsic("fabs", a)

    def sqrt(self, a: Value) -> Value:
        return self.intrinsic("sqrt", a)

    def rint(self, a: Value) -> Value:
        """Round to the nearest integer, ties to even."""
        return self.intrinsic("roundeven", a)

    def floor(self, a: Value) -> Value:
        return self.intrinsic("floor", a)

    def copysign(self, magnitude: Value, sign: Value) -> Value:
        return self.intrinsic("copysign", magnitude, sign)

    def ldexp(self, a: Value, exponent: Value) -> Value:
        """a · 2^exponent, for exponents in i32 lanes: one instruction where the machine has one."""
        name = f"@llvm.ldexp.{mangled(a.type)}.{mangled(exponent.type)}"
        self.declarations.add(f"declare {a.type} {name}({a.type}, {exponent.type})")
        return self.emit(f"call {a.type} {name}({a}, {exponent})", a.type)

    # Memory ----------------------------------------------------------------------------------------------------

    def address(self, base: Value, index: Value, scalar: str) -> Value:
        """The address of element `index` of an array."""
        return self.emit(f"getelementptr inbounds {scalar}, ptr {base.text}, {index}", _PTR)

    def load(self, address: Value, type: Type) -> Value:
        """Load from memory that is aligned to its elements."""
        return self.emit(f"load {type}, ptr {address.text}, align {max(type.bits // 8, 1)}", type)

    def store(self, value: Value, address: Value) -> None:
        self.lines.append(f"store {value}, ptr {address.text}, align {max(value.type.bits // 8, 1)}")

    def masked_load(self, address: Value, mask: Value, type: Type) -> Value:
        """Load the lanes where the mask is true, zero elsewhere; nothing else is touched."""
        name = f"@llvm.masked.load.{mangled(type)}.p0"
        zero = Value("zeroinitializer", type)
        self.declarations.add(f"declare {type} {name}(ptr, {mask.type}, {type})")
        return self.emit(f"call {type} {name}(ptr align {max(type.bits // 8, 1)} {address.text}, {mask}, {zero})", type)

    def masked_store(self, value: Value, address: Value, mask: Value) -> None:
        """Store the lanes where the mask is true."""
        name = f"@llvm.masked.store.{mangled(value.type)}.p0"
        self.declarations.add(f"declare void {name}({value.type}, ptr, {mask.type})")
        align = max(value.type.bits // 8, 1)
        self.lines.append(f"call void {name}({value}, ptr align {align} {address.text}, {mask})")

    def copy_bytes(self, source: Value, target: Value, count: int) -> None:
        """Copy memory as it is."""
        self.declarations.add("declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)")
        arguments = f"ptr {target.text}, ptr {source.text}, i64 {count}, i1 false"
        self.lines.append(f"call void @llvm.memcpy.p0.p0.i64({arguments})")

    def zero_bytes(self, target: Value, count: int) -> None:
        """Fill memory with zeros."""
        self.declarations.add("declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)")
        self.lines.append(f"call void @llvm.memset.p0.i64(ptr {target.text}, i8 0, i64 {count}, i1 false)")

    def _pointers(self, base: Value, indices: Value, scalar: str) -> Value:
        lanes = indices.type.lanes
        return self.emit(f"getelementptr {scalar}, ptr {base.text}, {indices}", Type("ptr", lanes))

    def scatter(self, value: Value, base: Value, indices: Value, mask: Value) -> None:
        """Store each lane at its index (i64), where the mask is true."""
        pointers = self._pointers(base, indices, value.type.scalar)
        name = f"@llvm.masked.scatter.{mangled(value.type)}.v{value.type.lanes}p0"
        self.declarations.add(f"declare void {name}({value.type}, {pointers.type}, {mask.type})")
        align = max(value.type.bits // 8, 1)
        self.lines.append(f"call void {name}({value}, {pointers.type} align {align} {pointers.text}, {mask})")

    def gather(self, base: Value, indices: Value, scalar: str, mask: Value) -> Value:
        """Load one element for each lane of `indices` (i64), zero where the mask is false."""
        lanes = indices.type.lanes
        type = Type(scalar, lanes)
        pointers = self._pointers(base, indices, scalar)
        name = f"@llvm.masked.gather.{mangled(type)}.v{lanes}p0"
        self.declarations.add(f"declare {type} {name}({pointers.type}, {mask.type}, {type})")
        align = max(type.bits // 8, 1)
        return self.emit(
            f"call {type} {name}({pointers.type} align {align} {pointers.text}, {mask}, {type} zeroinitializer)", type
        )

    # Vectors and scalars ---------------------------------------------------------------------------------------

    def splat(self, a: Value, lanes: int) -> Value:
        """A scalar in every lane."""
        if not lanes:
            return a
        to = Type(a.type.scalar, lanes)
        first = self.emit(f"insertelement {to} poison, {a}, i64 0", to)
        zeros = Value("zeroinitializer", Type("i32", lanes))
        return self.emit(f"shufflevector {first}, {to} poison, {zeros}", to)

    def lane(self, a: Value, position: int) -> Value:
        """One lane of a vector."""
        return self.emit(f"extractelement {a}, i64 {position}", Type(a.type.scalar))

    def shuffle(self, a: Value, b: Value, positions: Sequence[int]) -> Value:
        """Lanes of two vectors, numbered on from the first to the second."""
        mask = ", ".join(f"i32 {p}" for p in positions)
        to = Type(a.type.scalar, len(positions))
        return self.emit(f"shufflevector {a}, {b}, <{len(positions)} x i32> <{mask}>", to)

    def lane_numbers(self, lanes: int) -> Value:
        """0, 1, 2, ... as i64."""
        return self.vector_of(range(lanes), "i64")

    # Control flow ----------------------------------------------------------------------------------------------

    def label(self, name: str) -> None:
        """Begin a basic block."""
        self.lines.append(f"{name}:")
        self._block = name

    def jump(self, name: str) -> None:
        self.lines.append(f"br label %{name}")

    def branch(self, condition: Value, if_true: str, if_false: str) -> None:
        self.lines.append(f"br {condition}, label %{if_true}, label %{if_false}")

    @property
    def block(self) -> str:
        """The basic block that is being written."""
        return self._block

    def begin_if(self, condition: Value) -> tuple[str, str]:
        """Begin a part that runs only where a condition holds; give the result to `end_if`."""
        inside, after = self.fresh("then"), self.fresh("after")
        entry = self._block
        self.branch(condition, inside, after)
        self.label(inside)
        return entry, after

    def end_if(self, begun: tuple[str, str], before: Sequence[Value] = (), inside: Sequence[Value] = ()) -> list[Value]:
        """End it; of values before and inside, those that hold from here on."""
        entry, after = begun
        last = self._block
        self.jump(after)
        self.label(after)
        return [
            self.emit(f"phi {old.type} [ {old.text}, %{entry} ], [ {new.text}, %{last} ]", old.type)
            for old, new in zip(before, inside, strict=True)
        ]

    def begin_loop(self, start: Value, stop: Value, step: int = 1, carry: Sequence[Value] = ()) -> Loop:
        """Begin ``for index in range(start, stop, step)``, which must run at least once.

        Parameters
        ----------
        start, stop : Value
            i64.
        step : int
        carry : sequence of Value
            Values before the first round, such as the zeros of accumulators.
        """
        body = self.fresh("loop")
        entry = self._block
        self.jump(body)
        self.label(body)
        index = Value(self.fresh(), _I64)
        carried = [Value(self.fresh(), value.type) for value in carry]
        loop = Loop(index, carried, body, step, stop, len(self.lines), list(carry), start, entry)
        loop.next_index = self.fresh("%next")
        return loop

    def end_loop(self, loop: Loop, carry: Sequence[Value] = (), unless: Value | None = None) -> list[Value]:
        """End a loop.

        Parameters
        ----------
        loop : Loop
        carry : sequence of Value
            The carried values after a round.
        unless : Value, optional
            Where it is true, this round was the last.

        Returns
        -------
        list of Value
            The carried values after the last round.
        """
        last = self._block
        phis = [f"{loop.index.text} = phi i64 [ {loop.start.text}, %{loop.entry} ], [ {loop.next_index}, %{last} ]"]
        for phi, start, after in zip(loop.carried, loop.starts, carry, strict=True):
            phis.append(f"{phi.text} = phi {phi.type} [ {start.text}, %{loop.entry} ], [ {after.text}, %{last} ]")
        self.lines[loop.phi_position : loop.phi_position] = phis
        self.lines.append(f"{loop.next_index} = add nuw nsw i64 {loop.index.text}, {loop.step}")
        more = self.icmp("slt", Value(loop.next_index, _I64), loop.stop)
        if unless is not None:
            more = self.and_(more, self.not_(unless))
        exit_ = self.fresh("done")
        self.branch(more, loop.body, exit_)
        self.label(exit_)
        return list(carry)
