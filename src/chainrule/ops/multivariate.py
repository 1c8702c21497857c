"""Multivariate distributions of `scipy.stats`: Dirichlet and normal."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.stats as st

from chainrule.errors import UnsupportedOperationError
from chainrule.graph.infer import same_as_first
from chainrule.graph.node import Node
from chainrule.graph.op import Op
from chainrule.ops.comparison import less
from chainrule.ops.exponential import exp, xlogy
from chainrule.ops.gamma_functions import gammaln
from chainrule.ops.joining import concatenate
from chainrule.ops.linalg import slogdet, solve
from chainrule.ops.products import matmul
from chainrule.ops.record import Example, Sampler, example, function
from chainrule.ops.reduction import sum_
from chainrule.ops.selection import where
from chainrule.ops.shaping import expand_dims, reshape, squeeze, swapaxes

_LOG_TWO_PI = math.log(2 * math.pi)


def _array(value: Any) -> Any:
    return value if isinstance(value, Node) else np.asarray(value, dtype=float)


def _checked(name: str, check: Callable[[Any], None]) -> Op:
    """The identity, which refuses values that a distribution is not defined for."""

    def compute(x: Any) -> Any:
        check(x)
        return x

    return Op(
        name,
        compute,
        same_as_first,
        vjp=(lambda g, out, x: g,),
        jvp=lambda tangents, out, x: tangents[0],
        is_view=True,
    )


# Dirichlet distribution -------------------------------------------------------------------------------------------
def _check_simplex(x: Any) -> None:
    tolerance = max(1e-9, 64 * np.finfo(x.dtype).eps)
    if np.min(x, initial=0.0) < 0 or np.any(np.abs(np.sum(x, axis=0) - 1) > tolerance):
        raise ValueError(f"the parts of a Dirichlet distribution are not negative and sum to 1, not to {np.sum(x, 0)}")


on_simplex = _checked("on_simplex", _check_simplex)


def _normalised(x: Any, alpha: Any) -> tuple[Any, Any]:
    return x / np.sum(x, axis=0), alpha


def _shares(s: Sampler) -> list[Example]:
    return [
        Example((s.positive(4), s.positive(4) + 0.5), prepare=_normalised),
        Example((s.positive(3, 2), s.positive(3) + 0.5), prepare=_normalised),
        example(s.uniform(0.1, 0.3, 2), s.positive(3) + 0.5),  # the last part is what is left
    ]


@function(st.dirichlet.logpdf, name="dirichlet.logpdf", examples=_shares)
def dirichlet_logpdf(x: Any, alpha: Any) -> Any:
    """Logarithm of the Dirichlet density: Σ (α−1) log x + log Γ(Σ α) − Σ log Γ(α), parts along the first axis."""
    x, alpha = _array(x), _array(alpha)
    parts = alpha.shape[0]
    if x.shape[0] == parts - 1:
        x = concatenate([x, expand_dims(1 - sum_(x, axis=0), 0)])
    elif x.shape[0] != parts:
        raise ValueError(f"there are {parts} parameters for {x.shape[0]} parts")
    exponents = reshape(alpha - 1, (parts,) + (1,) * (x.ndim - 1))
    normaliser = sum_(gammaln(alpha)) - gammaln(sum_(alpha))
    return squeeze(sum_(xlogy(exponents, on_simplex(x)), axis=0) - normaliser)


@function(st.dirichlet.pdf, name="dirichlet.pdf", examples=_shares)
def dirichlet_pdf(x: Any, alpha: Any) -> Any:
    """Dirichlet density."""
    return exp(dirichlet_logpdf(x, alpha))


# Normal distribution ----------------------------------------------------------------------------------------------
def _check_covariance(cov: Any) -> None:
    np.linalg.cholesky(cov)  # raises LinAlgError


positive_definite = _checked("positive_definite", _check_covariance)


def _parameters(mean: Any, cov: Any) -> tuple[int, Any, Any]:
    """Dimension, mean as a vector, covariance as a matrix, from the short forms that SciPy takes."""
    cov = _array(1.0 if cov is None else cov)
    if mean is None:
        dimension = 1 if cov.ndim < 2 else cov.shape[0]
        mean = np.zeros(dimension)
    else:
        mean = _array(mean)
        dimension = mean.size
    mean = reshape(mean, (1,)) if dimension == 1 else mean
    if dimension == 1:
        cov = reshape(cov, (1, 1))
    elif cov.ndim < 2:
        cov = cov * np.eye(dimension)
    if mean.shape != (dimension,) or cov.shape != (dimension, dimension):
        raise ValueError(f"a mean of shape {mean.shape} and a covariance of shape {cov.shape} do not fit")
    return dimension, mean, cov


def _points(x: Any, dimension: int) -> Any:
    x = _array(x)
    if x.ndim == 0:
        return reshape(x, (1,))
    if x.ndim == 1:
        return expand_dims(x, 1 if dimension == 1 else 0)
    return x


def _symmetrised(x: Any, mean: Any, cov: Any, *settings: Any) -> tuple[Any, ...]:
    return x, mean, (cov + cov.T) / 2, *settings


def _samples(s: Sampler) -> list[Example]:
    flat = np.diag([1.0, 2.0, 0.0]).astype(s.dtype)
    in_plane = np.array([[1.0], [1.0], [0.0]], s.dtype)[:, 0]
    return [
        Example((s.normal(3), s.normal(3), s.spd(3, 3)), prepare=_symmetrised),
        Example((s.normal(5, 3), s.normal(3), s.spd(3, 3)), prepare=_symmetrised),
        Example((s.normal(2, 4, 3), s.normal(3), s.spd(3, 3)), prepare=_symmetrised),
        example(s.normal(4), s.normal(), s.positive()),
        example(s.normal(2), s.normal(2), s.positive(2)),
        example(s.normal(2), s.normal(2)),
        example(s.normal(4)),
        Example(
            (s.normal(2, 3), s.normal(3), flat, True),
            argnums=(0, 1),
            prepare=lambda x, mean, cov, singular: (x * in_plane, mean * in_plane, cov, singular),
        ),
    ]


@function(st.multivariate_normal.logpdf, name="multivariate_normal.logpdf", examples=_samples)
def multivariate_normal_logpdf(x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> Any:
    """Logarithm of the multivariate normal density: −(d log 2π + log det C + (x−μ)ᵀ C⁻¹ (x−μ)) / 2."""
    dimension, mean, cov = _parameters(mean, cov)
    deviation = _points(x, dimension) - mean
    if allow_singular:
        return squeeze(_logpdf_of_singular(deviation, cov))
    cov = positive_definite(cov)
    rows = reshape(deviation, (-1, dimension))
    whitened = reshape(swapaxes(solve(cov, swapaxes(rows, 0, 1)), 0, 1), deviation.shape)
    distance = sum_(deviation * whitened, axis=-1)
    return squeeze(-0.5 * (dimension * _LOG_TWO_PI + slogdet(cov)[1] + distance))


def _logpdf_of_singular(deviation: Any, cov: Any) -> Any:
    """The density within the subspace that a singular covariance leaves, and −inf outside of it."""
    if isinstance(cov, Node):
        raise UnsupportedOperationError(
            "multivariate_normal with allow_singular=True has no derivative by its covariance",
            fix="leave allow_singular out, or pass chainrule.stop_gradient(cov)",
        )
    variances, axes = np.linalg.eigh(cov)
    negligible = 1e6 * np.finfo(float).eps * np.max(np.abs(variances))
    kept = variances > negligible
    root = axes[:, kept] / np.sqrt(variances[kept])
    distance = sum_(matmul(deviation, root) ** 2, axis=-1)
    result = -0.5 * (np.count_nonzero(kept) * _LOG_TWO_PI + np.sum(np.log(variances[kept])) + distance)
    if kept.all():
        return result
    outside = sum_(matmul(deviation, axes[:, ~kept]) ** 2, axis=-1)
    return where(less(outside, negligible**2), result, -math.inf)


@function(st.multivariate_normal.pdf, name="multivariate_normal.pdf", examples=_samples)
def multivariate_normal_pdf(x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> Any:
    """Multivariate normal density."""
    return exp(multivariate_normal_logpdf(x, mean, cov, allow_singular))


@function(
    st.multivariate_normal.entropy,
    name="multivariate_normal.entropy",
    examples=lambda s: [
        Example((s.normal(3), s.spd(3, 3)), prepare=lambda mean, cov: (mean, (cov + cov.T) / 2)),
        example(None, s.positive()),
    ],
)
def multivariate_normal_entropy(mean: Any = None, cov: Any = 1) -> Any:
    """Entropy of the multivariate normal distribution: (d (log 2π + 1) + log det C) / 2."""
    dimension, _, cov = _parameters(mean, cov)
    return 0.5 * (dimension * (_LOG_TWO_PI + 1) + slogdet(positive_definite(cov))[1])
