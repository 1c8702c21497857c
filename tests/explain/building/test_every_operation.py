"""A lesson can be made of every operation: from the records, with the gradients that `grad` gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph.op import OPS
from chainrule.ops.examples import differentiated, examples_of, is_differentiable
from chainrule.ops.load import load_all
from chainrule.ops.record import FUNCTIONS, Example
from chainrule.trace.call import call_with

load_all()

LEVELS = ("statement", "operation")


def cases() -> Iterator[Any]:
    """Every example at both levels. The first one of each record runs every time, at one level or the other in turn."""
    for turn, record in enumerate((*OPS.values(), *FUNCTIONS.values())):
        examples = examples_of(record, np.float64) if is_differentiable(record) else []
        for number, example in enumerate(examples):
            if not differentiated(example):
                continue
            for position, level in enumerate(LEVELS):
                marks = [] if number == 0 and turn % 2 == position else [pytest.mark.slow]
                yield pytest.param(record, example, level, id=f"{record.name}-{number}-{level}", marks=marks)


def weighted_sum(record: Any, example: Example) -> Any:
    """A loss of the differentiated arguments: all results of the record, weighted and added up."""

    def loss(*moving: Any) -> Any:
        args = list(example.args)
        for position, value in zip(differentiated(example), moving, strict=True):
            args[position] = value
        if example.prepare is not None:
            args = list(example.prepare(*args))
        result = call_with(record, *args, **example.kwargs)
        result = result if example.select is None else example.select(result)
        leaves = [leaf for leaf in cr.structure.flatten(result)[0] if np.size(leaf)]
        weights = [np.linspace(0.5, 1.5, np.size(leaf)).reshape(np.shape(leaf)) for leaf in leaves]
        parts = [np.sum(np.real(leaf) * weight) for leaf, weight in zip(leaves, weights, strict=True)]
        return sum(parts, start=0.0 if parts else np.sum(np.real(moving[0])))

    return loss


@pytest.mark.filterwarnings("ignore::chainrule.errors.IndependentOutputWarning")
@pytest.mark.parametrize(("record", "example", "level"), list(cases()))
def test_the_lesson_of_an_operation_has_its_gradients(record: Any, example: Example, level: Any) -> None:
    loss = weighted_sum(record, example)
    point = [example.args[position] for position in differentiated(example)]
    if not cr.trace(loss, *point).outputs[0].inputs:  # the largest of no numbers is a number in the code
        with pytest.raises(cr.errors.StructureError, match="nothing to explain"):
            cr.explain(loss, *point, level=level)
        return
    expected = cr.grad(loss, argnums=tuple(range(len(point))))(*point)
    lesson = cr.explain(loss, *point, level=level)
    assert lesson.fault is None
    assert len(lesson.result) == len(point)
    for entry, gradient in zip(lesson.result, expected, strict=True):
        np.testing.assert_allclose(entry.slope, gradient, rtol=1e-9, atol=1e-12)
        assert entry.agrees
    for text in (str(lesson), lesson.to_markdown(), lesson.to_json()):
        assert text
