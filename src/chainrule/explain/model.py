"""What a lesson is made of: the steps of both passes, as data that every page, picture and file is made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from chainrule.notation.tree import Derivative, Expression, Symbol

__all__ = ["BackwardStep", "Closed", "Factor", "Fault", "ForwardStep", "InputGradient", "LocalGradient", "Operand"]

Level = Literal["statement", "operation"]


@dataclass(frozen=True)
class Operand:
    """A value that the lesson begins with: an input of the function, an array that it found elsewhere, or a count.

    Attributes
    ----------
    symbol : Symbol
    value : array
    is_input : bool
        False for an array from outside of the function, and for a number of elements that a mean divides by.
    """

    symbol: Symbol
    value: Any
    is_input: bool

    @property
    def is_count(self) -> bool:
        """Whether it is a number of elements that a mean divides by: the n of ``(ŷ − y)/n``."""
        return not self.is_input and isinstance(self.value, int)


@dataclass(frozen=True)
class ForwardStep:
    """One node of the forward pass: ``z = wx + b = 0 · 50 + 0 = 0``.

    Attributes
    ----------
    number : int
        Position in the order of computation, from 1.
    symbol : Symbol
    formula : Expression
        In symbols.
    substituted : Expression or None
        With numbers put in; None where arrays take part.
    value : array
    sources : tuple of Symbol
        What the node is computed from, in the order in which the formula names them.
    group : int or None
        Steps of the same repeated block (the iterations of a loop, equal layers) have the same number and follow each
        other. None for a step that is not repeated.
    repetition : int or None
        Which repetition of the block it belongs to, from 1: a block of several statements has several steps in each.
        Where repetitions are folded, the first one is shown, and then how many there are more.
    """

    number: int
    symbol: Symbol
    formula: Expression
    substituted: Expression | None
    value: Any
    sources: tuple[Symbol, ...]
    group: int | None = None
    repetition: int | None = None


@dataclass(frozen=True)
class LocalGradient:
    """What a node knows by itself: ``∂ŷ/∂z = ŷ(1 − ŷ)``.

    Attributes
    ----------
    symbol : Derivative
    formula : Expression
        Where the Jacobian is no matrix that one would write down, the map ``G ↦ G xᵀ`` of an upstream gradient G.
    """

    symbol: Derivative
    formula: Expression


@dataclass(frozen=True)
class Closed:
    """A closed form, which gives the same numbers as backpropagation.

    Attributes
    ----------
    formula : Expression
    rules : tuple of str
        The named rewrites that led there.
    condition : str
        What holds at this point and made it shorter, such as ``Σ y = 1``; empty if it holds everywhere.
    """

    formula: Expression
    rules: tuple[str, ...]
    condition: str = ""


@dataclass(frozen=True)
class Factor:
    """A factor of a step, with the shape that stands under it."""

    formula: Expression
    shape: tuple[int, ...]


@dataclass(frozen=True)
class BackwardStep:
    """One gradient of the backward pass.

    Attributes
    ----------
    number : int
        Position in the order of traversal, from 1.
    symbol : Symbol
        The node whose gradient this is.
    gradient : Derivative
        ∂L/∂z.
    chain : Expression or None
        The chain rule in symbols, a sum over the uses of the node, with local and upstream gradients `Marked`; None
        for the first step, where the backward pass begins.
    formula : Expression
        With the local gradients put in.
    closed : Closed or None
        None where nothing shorter than `formula` is known.
    substituted : Expression or None
        With numbers put in; None where arrays take part.
    value : array
        The gradient.
    factors : tuple of Factor
        The factors of `formula` with their shapes.
    pattern : str
        What happens, in words.
    users : tuple of Symbol
        The nodes that the gradient comes from.
    group, repetition : int or None
        As in `ForwardStep`; where a block of the forward pass is repeated here too, it has the same number.
    """

    number: int
    symbol: Symbol
    gradient: Derivative
    chain: Expression | None
    formula: Expression
    closed: Closed | None
    substituted: Expression | None
    value: Any
    factors: tuple[Factor, ...]
    pattern: str
    users: tuple[Symbol, ...]
    group: int | None = None
    repetition: int | None = None


@dataclass(frozen=True)
class InputGradient:
    """The gradient of one input, with an independent check and the update rule that uses it.

    Attributes
    ----------
    symbol : Symbol
    gradient : Derivative
    value : array
        Of the input.
    slope : array
        Its gradient.
    closed : Closed or None
    agrees : bool
        Whether a central finite difference along a random direction gives the same.
    update : Expression
        ``W1 ← W1 − lr · ∂L/∂W1``.
    """

    symbol: Symbol
    gradient: Derivative
    value: Any
    slope: Any
    closed: Closed | None
    agrees: bool
    update: Expression


@dataclass(frozen=True)
class Fault:
    """Where numbers stopped being finite, and what to do about it.

    Attributes
    ----------
    symbol : Symbol
        The first bad node.
    in_backward : bool
        Whether its value is finite and its gradient is not.
    reason : str
        ``log of 0``.
    fix : str
        What to write instead.
    where : str
        File, line and text of the code; empty where unknown.
    """

    symbol: Symbol
    in_backward: bool
    reason: str
    fix: str
    where: str
