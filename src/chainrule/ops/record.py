"""How operations are declared: elementwise records, NumPy-facing functions, and the examples tests run.

Two kinds of record exist. An `Op` is primitive and carries derivative rules. A `Function` has NumPy's signature
(``axis=None``, ``keepdims=False``, ...) and is made of operations; it needs no rule of its own. Both list the NumPy
or SciPy callables they serve, so that calling those on a traced value finds them, and both carry the
examples from which the gradient tests and the coverage table are generated.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.graph.infer import elementwise
from chainrule.graph.op import Hazard, Op, Rule, Zero
from chainrule.notation.tree import Expression

__all__ = [
    "FUNCTIONS",
    "SERVED",
    "Example",
    "Function",
    "Sampler",
    "elementwise_op",
    "example",
    "function",
    "present",
    "serve",
]

#: Which record serves a NumPy or SciPy callable.
SERVED: dict[Any, Op | Function] = {}

#: Every NumPy-facing function by name.
FUNCTIONS: dict[str, Function] = {}


class Sampler:
    """Draws example arguments of one dtype for the generated tests.

    Parameters
    ----------
    dtype : dtype-like, default float64
    seed : int, default 0
    """

    def __init__(self, dtype: Any = np.float64, seed: int = 0) -> None:
        self.dtype = np.dtype(dtype)
        self.rng = np.random.default_rng(seed)

    def uniform(self, low: float, high: float, *shape: int) -> Any:
        """Numbers from an interval; for complex dtypes both parts are drawn from it."""
        values = self.rng.uniform(low, high, shape)
        if self.dtype.kind == "c":
            values = values + 1j * self.rng.uniform(low, high, shape)
        return np.asarray(values).astype(self.dtype)

    def normal(self, *shape: int) -> Any:
        """Numbers around zero, of both signs."""
        return self.uniform(-1.5, 1.5, *shape)

    def positive(self, *shape: int) -> Any:
        """Numbers from 0.3 to 2."""
        return self.uniform(0.3, 2.0, *shape)

    def distinct(self, *shape: int) -> Any:
        """Real numbers at least 0.1 apart, in random order: safe for sorting, maxima and medians."""
        count = int(np.prod(shape))
        values = self.rng.permutation(count) * 0.2 - count * 0.1 + self.rng.uniform(-0.04, 0.04, count)
        return values.reshape(shape).astype(self.dtype)

    def spd(self, *shape: int) -> Any:
        """A symmetric (Hermitian) positive definite matrix, or a stack of them: the last two lengths are equal."""
        matrix = self.normal(*shape)
        flipped = np.swapaxes(matrix, -1, -2).conj()
        return (matrix @ flipped + np.eye(shape[-1]) * shape[-1]).astype(self.dtype)

    def well_conditioned(self, *shape: int) -> Any:
        """A square matrix far from singular, or a stack of them."""
        return (self.normal(*shape) + 3 * np.eye(shape[-1])).astype(self.dtype)


@dataclass
class Example:
    """One call of a record under test.

    Attributes
    ----------
    args : tuple
    kwargs : dict
    argnums : tuple of int, optional
        Which positional arguments to differentiate; by default every floating-point array among them.
    prepare : callable, optional
        Applied to the arguments before the call, inside the differentiated function: for instance to make a
        matrix symmetric.
    select : callable, optional
        Applied to the result: for instance to keep the part that is unique.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    argnums: tuple[int, ...] | None = None
    prepare: Callable[..., tuple[Any, ...]] | None = None
    select: Callable[[Any], Any] | None = None


def example(*args: Any, **kwargs: Any) -> Example:
    """An `Example` written as the call itself would be."""
    return Example(args, kwargs)


@dataclass(eq=False)
class Function:
    """A function with NumPy's signature, made of operations.

    Attributes
    ----------
    name : str
    body : callable
        Takes nodes or arrays.
    serves : tuple of callable
    examples : callable, optional
        ``examples(sampler)`` returns a list of `Example`.
    holomorphic : bool
        Whether tests run the examples on complex numbers too.
    differentiable : bool
        False for functions whose result never carries a gradient, such as ``argmax``.
    """

    name: str
    body: Callable[..., Any]
    serves: tuple[Any, ...] = ()
    examples: Callable[[Sampler], list[Example]] | None = None
    holomorphic: bool = False
    differentiable: bool = True

    def __post_init__(self) -> None:
        if self.name in FUNCTIONS:
            raise ValueError(f"a function named {self.name!r} exists already")
        FUNCTIONS[self.name] = self
        functools.update_wrapper(self, self.body)
        serve(self, *self.serves)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.body(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<Function {self.name}>"


def serve(record: Op | Function, *callables: Any) -> None:
    """Make calls of NumPy or SciPy functions on traced values go to this record."""
    for one in callables:
        SERVED[one] = record


def present(*names: str) -> tuple[Any, ...]:
    """Those functions of NumPy, among the names, that the installed version has."""
    return tuple([getattr(np, name) for name in names if hasattr(np, name)])


def function(
    *serves: Any,
    examples: Callable[[Sampler], list[Example]] | None = None,
    holomorphic: bool = False,
    differentiable: bool = True,
    name: str | None = None,
) -> Callable[[Callable[..., Any]], Function]:
    """Declare a NumPy-facing function: a decorator around its body."""

    def declare(body: Callable[..., Any]) -> Function:
        return Function(name or body.__name__.rstrip("_"), body, serves, examples, holomorphic, differentiable)

    return declare


def elementwise_op(
    name: str,
    compute: Callable[..., Any],
    *partials: Rule | Zero | float | None,
    domain: Sequence[tuple[float, float]] | tuple[float, float] = (-2.0, 2.0),
    holomorphic: bool = False,
    serves: tuple[Any, ...] | None = None,
    notation: Callable[..., Expression] | None = None,
    vjp: tuple[Rule | Zero | None, ...] | None = None,
    jvp: Callable[..., Any] | str | None = None,
    examples: Callable[[Sampler], list[Example]] | None = None,
    lower: Callable[..., Any] | None = None,
    decompose: Callable[..., Any] | None = None,
    hazards: tuple[Hazard, ...] = (),
) -> Op:
    """Declare an elementwise operation from its partial derivatives.

    Parameters
    ----------
    name : str
    compute : callable
        The NumPy function; unless `serves` says otherwise it is also the one that records this operation.
    *partials : callable, number, ZERO or None
        One per argument: ``partial(out, *inputs)`` or a constant. None: not differentiable in that argument.
    domain : (low, high) or one such pair per argument
        Where tests sample the arguments.
    holomorphic : bool, default False
    serves : tuple of callable, optional
    notation : callable, optional
    vjp, jvp : optional
        In place of partials, where the derivative is not a factor (``conj``, ``where``).
    examples : callable, optional
        Further calls for the tests, beside those sampled from the domain.
    lower, decompose : callable, optional
        How compiled code computes it, see `Op`.
    hazards : tuple of Hazard, optional
        How results that are not finite come about.

    Examples
    --------
    The whole of ``tanh``::

        tanh = elementwise_op("tanh", np.tanh, lambda out, x: 1 - out * out, holomorphic=True)
    """
    arity = len(vjp) if vjp is not None else len(partials)
    intervals = domain if not domain or isinstance(domain[0], tuple) else (domain,) * arity
    op = Op(
        name,
        compute,
        elementwise,
        partials=partials if vjp is None else None,
        vjp=vjp,
        jvp=jvp,
        broadcasts=True,
        serves=serves if serves is not None else (compute,) if isinstance(compute, np.ufunc) else (),
        notation=notation,
        domain=tuple(intervals),  # type: ignore[arg-type]
        holomorphic=holomorphic,
        examples=examples,
        lower=lower,
        decompose=decompose,
        hazards=hazards,
    )
    serve(op, *op.serves)
    return op
