"""Arrays that a traced function uses are read late: they must not change before, and must be free again after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import UnsupportedOperationError


class Lender:
    """Lends its memory by NumPy's interface, and so that NumPy cannot tell whether it may be written to."""

    def __init__(self, array: Any) -> None:
        self.array = array
        self.__array_interface__ = array.__array_interface__


def test_memory_that_could_not_be_unlocked_again_is_copied() -> None:
    lent = np.asarray(Lender(np.ones(10_000)))
    gradient = cr.grad(lambda x: np.sum(x * lent))(np.ones(10_000))
    assert np.all(gradient == 1.0)
    assert lent.flags.writeable


def test_a_memory_mapped_argument_is_copied_when_it_is_recorded(tmp_path: Path) -> None:
    mapped = np.memmap(tmp_path / "numbers", dtype=float, mode="w+", shape=(3,))

    def f(x: Any) -> Any:
        joined = np.concatenate([x, mapped])
        mapped[0] = 100.0
        return np.sum(joined)

    assert cr.value_and_grad(f)(np.ones(2))[0] == 2.0


def test_an_exception_in_a_nested_trace_leaves_nothing_locked() -> None:
    large = np.ones(10_000)

    def fails(x: Any) -> Any:
        _ = x * large
        raise RuntimeError("stop")

    def f(x: Any) -> Any:
        with pytest.raises(RuntimeError, match="stop"):
            cr.grad(fails)(np.ones(10_000))
        return np.sum(x * 2)

    assert np.all(cr.grad(f)(np.ones(3)) == 2.0)
    with pytest.raises(RuntimeError, match="stop"):
        cr.grad(fails)(np.ones(10_000))
    large[0] = 5.0


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize("make", [np.ma.masked_array, np.matrix])
def test_arrays_with_rules_of_their_own_are_refused(make: Any) -> None:
    array = make([[1.0, 2.0]])
    for call in (
        lambda: cr.grad(lambda x: np.sum(x * x))(array),
        lambda: cr.vjp(lambda x: x * x, array),
        lambda: cr.trace(lambda x: x * x, array),
        lambda: cr.grad(lambda x: np.sum(x * array))(np.ones(2)),
        lambda: cr.grad(lambda x: np.sum(np.concatenate([x, array])))(np.ones((1, 2))),
    ):
        with pytest.raises(UnsupportedOperationError, match=type(array).__name__):
            call()


def test_results_share_no_memory_with_arguments() -> None:
    @cr.custom_vjp
    def same(x: Any) -> Any:
        return x

    same.defvjp(lambda x: (x, None), lambda saved, g: (g,))
    x = np.ones(3)

    def f(x: Any) -> Any:
        return np.sum(x), (x, same(x), np.real(x), cr.stop_gradient(x), cr.checkpoint(lambda y: y)(x))

    (_, results), _ = cr.value_and_grad(f, has_aux=True)(x)
    assert not any(np.shares_memory(result, x) for result in results)
    value, pull_back = cr.vjp(lambda x: np.real(x) ** 2, x)
    value[:] = 5.0
    assert np.all(pull_back(np.ones(3))[0] == 2.0)
