"""SciPy's distributions: recorded values equal SciPy's at the edges of the support and for impossible parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.stats

import chainrule as cr
from chainrule.ops.load import load_all
from chainrule.ops.record import FUNCTIONS, Function
from chainrule.trace.call import call_with

load_all()

POINTS = np.array([-np.inf, -40.0, -3.0, -0.5, 0.0, 0.3, 1.0, 1.5, 2.0, 40.0, np.nan])
SHAPES: dict[str, list[tuple[float, ...]]] = {
    "norm": [()],
    "t": [(3.0,), (1e9,), (-1.0,)],
    "beta": [(1.0, 1.0), (2.0, 0.5), (0.5, 3.0), (-1.0, 1.0)],
    "gamma": [(1.0,), (0.5,), (3.0,), (0.0,)],
    "chi2": [(2.0,), (1.0,), (5.0,), (-1.0,)],
    "poisson": [(0.0,), (2.5,), (-1.0,)],
}
RECORDS = [record for name, record in FUNCTIONS.items() if name.split(".")[0] in SHAPES]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
@pytest.mark.filterwarnings("ignore::chainrule.errors.NonFiniteWarning")
def test_values_are_those_of_scipy_everywhere(record: Function) -> None:
    family, method = record.name.split(".")
    points = np.array([-1.0, 0.0, 0.5, 1.0, 2.0]) if method == "ppf" else POINTS
    for shapes in SHAPES[family]:
        for placed in [(), (0.5, 2.0), (0.5, -2.0)] if family != "poisson" else [()]:
            arguments = (points, *shapes, *placed)
            with np.errstate(all="ignore"):
                expected = getattr(getattr(scipy.stats, family), method)(*arguments)
            graph = cr.trace(lambda x, rest=arguments[1:]: call_with(record, x, *rest), points)
            np.testing.assert_allclose(graph.outputs[0].value, expected, rtol=1e-11, atol=1e-300)


def gradient(name: str, *arguments: Any, argnums: int = 0) -> Any:
    return cr.grad(lambda *args: call_with(FUNCTIONS[name], *args), argnums)(*arguments)


def test_outside_of_the_support_the_density_does_not_change() -> None:
    assert gradient("beta.pdf", -0.5, 2.0, 3.0) == 0
    assert gradient("gamma.pdf", -0.5, 2.5) == 0
    assert gradient("chi2.cdf", -0.5, 3.0) == 0


def test_arguments_without_derivative_are_named() -> None:
    with pytest.raises(cr.errors.NonDifferentiableError, match="stdtr"):
        gradient("t.cdf", 1.0, 3.0, argnums=1)
    with pytest.raises(cr.errors.NonDifferentiableError, match=r"poisson\.logpmf"):
        gradient("poisson.logpmf", 2.0, 3.0)


def test_impossible_multivariate_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        gradient("dirichlet.logpdf", np.array([0.5, 0.6]), np.array([1.0, 2.0]))
    with pytest.raises(np.linalg.LinAlgError):
        gradient("multivariate_normal.logpdf", np.ones(2), np.zeros(2), np.diag([1.0, -1.0]))
    with pytest.raises(cr.errors.UnsupportedOperationError, match="allow_singular"):
        gradient("multivariate_normal.logpdf", np.ones(2), np.zeros(2), np.eye(2), True, argnums=2)
