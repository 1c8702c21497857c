"""Every operation record, tested from what it says of itself: values, both modes, two orders, dtypes, shapes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph.op import OPS, Op
from chainrule.ops.examples import differentiated, examples_of, is_differentiable
from chainrule.ops.load import load_all
from chainrule.ops.record import FUNCTIONS, Example, Function
from chainrule.trace.call import call_with

load_all()


@dataclass
class Case:
    record: Op | Function
    example: Example

    def differentiated(self) -> tuple[int, ...]:
        return differentiated(self.example)

    def call(self, *moving: Any) -> Any:
        args = list(self.example.args)
        for position, value in zip(self.differentiated(), moving, strict=True):
            args[position] = value
        if self.example.prepare is not None:
            args = list(self.example.prepare(*args))
        result = call_with(self.record, *args, **self.example.kwargs)
        return result if self.example.select is None else self.example.select(result)

    def point(self) -> list[Any]:
        return [self.example.args[position] for position in self.differentiated()]


RECORDS = [*OPS.values(), *FUNCTIONS.values()]
NEITHER_SAMPLED_NOR_CALLED = "internal"


def cases(dtype: Any, *, holomorphic: bool = False) -> list[Any]:
    return [
        pytest.param(Case(record, one), id=f"{record.name}-{number}")
        for record in RECORDS
        if not holomorphic or record.holomorphic
        for number, one in enumerate(examples_of(record, dtype))
    ]


@pytest.mark.parametrize("case", [c for c in cases(np.float64) if is_differentiable(c.values[0].record)])
def test_derivatives_agree_with_finite_differences_in_both_modes_and_to_order_two(case: Case) -> None:
    cr.check_grads(case.call, *case.point(), order=2, modes=("rev", "fwd"))


@pytest.mark.parametrize(
    "case", [c for c in cases(np.complex128, holomorphic=True) if is_differentiable(c.values[0].record)]
)
def test_derivatives_of_complex_arguments_agree_with_finite_differences(case: Case) -> None:
    cr.check_grads(case.call, *case.point(), order=2, modes=("rev", "fwd"))


@pytest.mark.parametrize("case", [c for c in cases(np.float32) if is_differentiable(c.values[0].record)])
def test_gradients_of_float32_arguments_are_float32_of_the_same_shape(case: Case) -> None:
    value, pull_back = cr.vjp(lambda *x: case.call(*x), *case.point())
    leaves, structure = cr.structure.flatten(value)
    upstream = structure.unflatten([np.ones(np.shape(leaf), np.asarray(leaf).dtype) for leaf in leaves])
    for argument, gradient in zip(case.point(), pull_back(upstream), strict=True):
        assert np.asarray(gradient).dtype == argument.dtype
        assert np.shape(gradient) == argument.shape


@pytest.mark.parametrize("case", cases(np.float64))
def test_a_recorded_call_has_the_value_shape_and_dtype_of_the_plain_call(case: Case) -> None:
    plain = case.call(*case.point())
    graph = cr.trace(lambda *x: case.call(*x), *case.point())
    expected, _ = cr.structure.flatten(plain)
    assert len(graph.outputs) == len(expected)
    for node, value in zip(graph.outputs, expected, strict=True):
        assert node.shape == np.shape(value)
        assert node.dtype == np.asarray(value).dtype
        np.testing.assert_allclose(node.value, value, rtol=1e-12, atol=1e-12)
        assert np.shape(node.value) == node.shape
        assert np.asarray(node.value).dtype == node.dtype


def test_every_record_that_numpy_reaches_has_examples() -> None:
    without = [
        record.name
        for record in RECORDS
        if record.serves and is_differentiable(record) and not examples_of(record, np.float64)
    ]
    assert without == []


#: What looks at numbers: for the shape or dtype of the result, or for the rank of a matrix.
LOOKING = set(
    "arange argwhere flatnonzero linalg.eig linalg.eigvals linalg.lstsq nonzero scipy.linalg.logm scipy.linalg.sqrtm "
    "unique".split()
)


@pytest.mark.parametrize("case", cases(np.float64))
def test_a_compiled_call_has_the_value_shape_and_dtype_of_the_plain_call(case: Case) -> None:
    compiled = cr.jit(case.call)
    try:
        result = compiled(*case.point())
    except cr.errors.TracedBranchError:
        assert case.record.name in LOOKING
        return
    for found, wanted in zip(
        cr.structure.flatten(result)[0], cr.structure.flatten(case.call(*case.point()))[0], strict=True
    ):
        assert np.shape(found) == np.shape(wanted)
        assert np.asarray(found).dtype == np.asarray(wanted).dtype
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)
