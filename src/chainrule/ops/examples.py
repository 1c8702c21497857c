"""The calls that tests make of a record: sampled from the domain of an elementwise operation, and those it lists."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from chainrule.graph.op import Op
from chainrule.ops.record import Example, Function, Sampler

__all__ = ["differentiated", "examples_of", "is_differentiable"]


def examples_of(record: Op | Function, dtype: Any) -> list[Example]:
    """All examples of a record, always the same ones.

    Parameters
    ----------
    record : Op or Function
    dtype : dtype-like

    Returns
    -------
    list of Example

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.ops.trigonometric import sin
    >>> [one.args[0].shape for one in examples_of(sin, np.float32)]
    [(), (2, 3), (0, 3)]
    """
    sampler = Sampler(dtype, seed=zlib.crc32(record.name.encode()))
    examples = _from_domain(record, sampler) if isinstance(record, Op) and record.domain else []
    return examples + (list(record.examples(sampler)) if record.examples else [])


def _from_domain(record: Op, sampler: Sampler) -> list[Example]:
    """Elementwise operations: same shapes, broadcasting shapes, a number, and nothing at all."""

    def draw(*shapes: tuple[int, ...]) -> Example:
        args = [
            sampler.uniform(*interval, *shape)
            if rule is not None
            else (sampler.rng.uniform(*interval, shape) > 0.5 if record.name == "where" else np.zeros(shape, np.intp))
            for position, (interval, shape) in enumerate(zip(record.domain, shapes, strict=True))
            for rule in [record.rule_for(position)]
        ]
        return Example(tuple(args))

    arity = len(record.domain)
    if arity == 1:
        return [draw(()), draw((2, 3)), draw((0, 3))]
    return [
        draw(*[(2, 3)] * arity),
        draw((2, 3), *[(3,)] * (arity - 1)),
        draw((), *[(2, 1)] * (arity - 1)),
        draw(*[(0,)] * arity),
    ]


def is_differentiable(record: Op | Function) -> bool:
    """Whether a derivative by any argument is defined."""
    if isinstance(record, Function):
        return record.differentiable
    return any(record.rule_for(position) is not None for position in range(3))


def differentiated(example: Example) -> tuple[int, ...]:
    """The positions of the arguments that tests differentiate by: as the example says, or all floating-point arrays."""
    if example.argnums is not None:
        return example.argnums
    return tuple([i for i, arg in enumerate(example.args) if isinstance(arg, np.ndarray) and arg.dtype.kind in "fc"])
