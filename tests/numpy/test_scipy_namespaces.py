"""`chainrule.scipy` and chainrule's own functions: made from the records."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.stats

import chainrule as cr
from chainrule import functions
from chainrule.scipy import linalg, signal, special, stats


def test_special_functions_take_traced_values_and_lists() -> None:
    cr.check_grads(lambda x: special.gammaln(x), np.array([1.5, 2.5]))
    cr.check_grads(lambda x: special.logsumexp([x[0], x[1] * 2]), np.array([1.5, 2.5]))


def test_functions_without_a_record_are_scipys_own_on_plain_arrays() -> None:
    assert special.factorial(4) == 24
    assert linalg.hilbert(2).shape == (2, 2)
    assert signal.get_window("hann", 4).shape == (4,)
    with pytest.raises(cr.errors.UnsupportedOperationError, match="factorial"):
        cr.grad(lambda x: special.factorial(x))(2.5)


@pytest.mark.parametrize("name", ["norm", "t", "beta", "gamma", "chi2", "poisson"])
def test_distributions_are_objects_with_scipys_methods(name: str) -> None:
    ours, theirs = getattr(stats, name), getattr(scipy.stats, name)
    parameters: tuple[float, ...] = {"norm": (0.5, 2.0), "t": (4.0,), "beta": (2.0, 3.0), "gamma": (2.0,)}.get(
        name, (3.0,)
    )
    point = 2.0 if name == "poisson" else 0.4
    method = "logpmf" if name == "poisson" else "logpdf"
    assert getattr(ours, method)(point, *parameters) == getattr(theirs, method)(point, *parameters)
    frozen = ours(*parameters)
    assert getattr(frozen, method)(point) == getattr(theirs, method)(point, *parameters)
    assert frozen.mean() == theirs.mean(*parameters)
    assert frozen.rvs(size=3, random_state=0).tolist() == theirs.rvs(*parameters, size=3, random_state=0).tolist()


def test_frozen_distributions_take_traced_parameters() -> None:
    def f(p: Any) -> Any:
        return np.sum(stats.norm(p[0], scale=p[1]).logpdf(np.array([0.2, 1.4])))

    cr.check_grads(f, np.array([0.3, 1.7]))


def test_multivariate_normal_takes_traced_parameters() -> None:
    x = np.array([[0.1, 0.4], [1.0, -0.3]])
    cr.check_grads(
        lambda m, a: np.sum(stats.multivariate_normal.logpdf(x, m, a @ a.T + np.eye(2))),
        np.zeros(2),
        np.array([[1.0, 0.2], [0.3, 1.0]]),
    )


def test_a_method_without_a_record_raises_by_name() -> None:
    with pytest.raises(cr.errors.UnsupportedOperationError, match="ppf"):
        cr.grad(lambda q: stats.t.ppf(q, 3.0))(0.4)


def test_own_functions_have_name_docstring_and_gradient() -> None:
    assert functions.__all__ == sorted(functions.__all__)
    for name in functions.__all__:
        function = getattr(functions, name)
        assert function.__name__ == name
        assert function.__doc__
    assert cr.grad(functions.sigmoid)(0.0) == 0.25
    np.testing.assert_allclose(functions.softmax(np.zeros(4)), np.full(4, 0.25))
    cr.check_grads(lambda x: functions.log_softmax(x, axis=0), np.arange(6.0).reshape(2, 3) / 3)
