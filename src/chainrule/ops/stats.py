"""Probability distributions of `scipy.stats`: densities and distribution functions as formulas in x and parameters.

Each is made of special functions, so that derivatives by the point, by ``loc`` and ``scale`` and by most shape
parameters follow from theirs. As in SciPy, a density is 0 outside of the support, and what has impossible parameters
is NaN.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.stats as st

from chainrule.graph.node import Node
from chainrule.ops import multivariate  # noqa: F401  (declares its records)
from chainrule.ops.comparison import equal, floor, greater, greater_equal, less, logical_and, logical_or
from chainrule.ops.exponential import exp, log, log1p, quotient, xlog1py, xlogy
from chainrule.ops.gamma_functions import betainc, betaln, gammainc, gammaln
from chainrule.ops.record import Example, Function, Sampler, elementwise_op, example
from chainrule.ops.selection import maximum, minimum, where
from chainrule.ops.special import log_ndtr, ndtr, ndtri, stdtr

_LOG_ROOT_TWO_PI = 0.5 * math.log(2 * math.pi)


def _distribution(
    method: Callable[..., Any], name: str, examples: Callable[[Sampler], list[Example]]
) -> Callable[[Callable[..., Any]], Function]:
    """Declare the record of a distribution's method; lists among its arguments become arrays."""

    def array(value: Any) -> Any:
        return np.asarray(value) if isinstance(value, (list, tuple)) else value

    def declare(body: Callable[..., Any]) -> Function:
        @functools.wraps(body)
        def of_arrays(*args: Any, **kwargs: Any) -> Any:
            with np.errstate(all="ignore"):  # impossible parameters give NaN without a warning, as in SciPy
                return body(*[array(value) for value in args], **{key: array(value) for key, value in kwargs.items()})

        return Function(name, of_arrays, (method,), examples)

    return declare


def _is(value: Any, number: float) -> bool:
    """Whether an argument is this number, as the defaults of location and scale are."""
    return isinstance(value, (int, float)) and value == number


def _standardised(x: Any, loc: Any, scale: Any) -> Any:
    """(x − loc) / scale"""
    z = x if _is(loc, 0) else x - loc
    return z if _is(scale, 1) else z / scale


def _per_scale(density: Any, scale: Any) -> Any:
    return density if _is(scale, 1) else density / scale


def _less_log(log_density: Any, scale: Any) -> Any:
    return log_density if _is(scale, 1) else log_density - log(scale)


def _where_positive(result: Any, *parameters: Any) -> Any:
    """NaN where a parameter is not positive."""
    for parameter in parameters:
        if isinstance(parameter, Node) or not np.all(np.greater(parameter, 0)):
            result = where(greater(parameter, 0), result, math.nan)
    return result


# Normal distribution ----------------------------------------------------------------------------------------------
def _points(s: Sampler) -> list[Example]:
    return [
        example(s.normal(4)),
        example(s.normal(4, 3), s.normal(1, 3), s.positive(4, 1)),
        example(s.normal(3), loc=0.5, scale=2.0),
        example(0.3, s.normal(2), s.positive(2)),
        example(s.normal(0, 3), 0.5),
    ]


@_distribution(st.norm.logpdf, "norm.logpdf", _points)
def norm_logpdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """Logarithm of the normal density: −z²/2 − log √(2π) − log scale."""
    z = _standardised(x, loc, scale)
    return _where_positive(_less_log(-0.5 * z * z - _LOG_ROOT_TWO_PI, scale), scale)


@_distribution(st.norm.pdf, "norm.pdf", _points)
def norm_pdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """Normal density."""
    z = _standardised(x, loc, scale)
    return _where_positive(_per_scale(exp(-0.5 * z * z) * math.exp(-_LOG_ROOT_TWO_PI), scale), scale)


@_distribution(st.norm.cdf, "norm.cdf", _points)
def norm_cdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """Normal distribution function Φ(z)."""
    return _where_positive(ndtr(_standardised(x, loc, scale)), scale)


@_distribution(st.norm.sf, "norm.sf", _points)
def norm_sf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """Probability of a larger value, Φ(−z)."""
    return _where_positive(ndtr(-_standardised(x, loc, scale)), scale)


@_distribution(st.norm.logcdf, "norm.logcdf", _points)
def norm_logcdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """Logarithm of the normal distribution function, also where that underflows."""
    return _where_positive(log_ndtr(_standardised(x, loc, scale)), scale)


@_distribution(st.norm.logsf, "norm.logsf", _points)
def norm_logsf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """Logarithm of the probability of a larger value, also where that underflows."""
    return _where_positive(log_ndtr(-_standardised(x, loc, scale)), scale)


def _quantiles(s: Sampler) -> list[Example]:
    return [
        example(s.uniform(0.2, 0.8, 4)),
        example(s.uniform(0.2, 0.8, 4, 3), s.normal(1, 3), s.positive(4, 1)),
    ]


@_distribution(st.norm.ppf, "norm.ppf", _quantiles)
def norm_ppf(q: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """Quantiles: the inverse of the normal distribution function."""
    z = ndtri(q)
    z = z if _is(scale, 1) else z * scale
    return _where_positive(z if _is(loc, 0) else z + loc, scale)


# Student's t distribution -----------------------------------------------------------------------------------------
def _points_with_freedom(s: Sampler) -> list[Example]:
    return [
        example(s.normal(4), s.positive(4) + 2),
        example(s.normal(4, 3), s.positive(1, 3) + 2, s.normal(4, 3), s.positive(4, 1) + 1),
        example(s.normal(3), 5, scale=2.0),
    ]


def _points_with_fixed_freedom(s: Sampler) -> list[Example]:
    """The distribution function has no derivative by the degrees of freedom."""
    several = (s.normal(4, 3), s.positive(1, 3) + 2, s.normal(4, 3), s.positive(4, 1) + 1)
    return [example(s.normal(4), 3.0), Example(several, argnums=(0, 2, 3)), example(s.normal(3) * 4, 5, scale=2.0)]


@_distribution(st.t.logpdf, "t.logpdf", _points_with_freedom)
def t_logpdf(x: Any, df: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """Logarithm of Student's density; a beta function of the degrees of freedom stays exact where they are many."""
    z = _standardised(x, loc, scale)
    density = -betaln(0.5 * df, 0.5) - 0.5 * log(df) - 0.5 * (df + 1) * log1p(z * z / df)
    return _where_positive(_less_log(density, scale), df, scale)


@_distribution(st.t.pdf, "t.pdf", _points_with_freedom)
def t_pdf(x: Any, df: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """Student's density."""
    return exp(t_logpdf(x, df, loc, scale))


@_distribution(st.t.cdf, "t.cdf", _points_with_fixed_freedom)
def t_cdf(x: Any, df: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """Student's distribution function; not differentiated by the degrees of freedom."""
    return _where_positive(stdtr(df, _standardised(x, loc, scale)), df, scale)


@_distribution(st.t.logcdf, "t.logcdf", _points_with_fixed_freedom)
def t_logcdf(x: Any, df: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """Logarithm of Student's distribution function; not differentiated by the degrees of freedom."""
    z = _standardised(x, loc, scale)
    logarithm = where(less(z, 0), log(stdtr(df, z)), log1p(-stdtr(df, -z)))
    return _where_positive(logarithm, df, scale)


# Beta distribution ------------------------------------------------------------------------------------------------
def _unit_points(s: Sampler) -> list[Example]:
    return [
        example(s.uniform(0.2, 0.8, 4), s.positive(4) + 1, s.positive(4) + 1),
        example(s.uniform(0.2, 0.8, 4, 3), s.positive(1, 3), s.positive(4, 1), s.uniform(-0.1, 0.1, 3), 1.3),
        example(s.uniform(0.2, 0.8, 3), 2, 3, loc=-1.0, scale=s.uniform(2.5, 3.0, 3)),
    ]


def _unit_points_with_fixed_shapes(s: Sampler) -> list[Example]:
    """The distribution function has no derivative by the shapes."""
    return [Example(one.args, one.kwargs, argnums=(0,)) for one in _unit_points(s)]


@_distribution(st.beta.logpdf, "beta.logpdf", _unit_points)
def beta_logpdf(x: Any, a: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """Logarithm of the beta density: (a−1) log z + (b−1) log(1−z) − log B(a, b)."""
    z = _standardised(x, loc, scale)
    density = _less_log(xlogy(a - 1, z) + xlog1py(b - 1, -z) - betaln(a, b), scale)
    outside = logical_or(less(z, 0), greater(z, 1))  # false for NaN, which stays what it is
    return _where_positive(where(outside, -math.inf, density), a, b, scale)


@_distribution(st.beta.pdf, "beta.pdf", _unit_points)
def beta_pdf(x: Any, a: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """Beta density."""
    return exp(beta_logpdf(x, a, b, loc, scale))


@_distribution(st.beta.cdf, "beta.cdf", _unit_points_with_fixed_shapes)
def beta_cdf(x: Any, a: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """Beta distribution function; not differentiated by the shapes."""
    z = minimum(maximum(_standardised(x, loc, scale), 0.0), 1.0)
    return _where_positive(betainc(a, b, z), a, b, scale)


# Gamma and chi-squared distribution -------------------------------------------------------------------------------
def _positive_points(s: Sampler) -> list[Example]:
    return [
        example(s.positive(4), s.positive(4) + 1),
        example(s.positive(4, 3), s.positive(1, 3), s.uniform(-0.2, 0.2, 3), s.positive(4, 1)),
        example(s.positive(3), 2, scale=s.positive(3)),
    ]


def _positive_points_with_fixed_shape(s: Sampler) -> list[Example]:
    """The distribution function has no derivative by the shape."""
    return [Example(one.args, one.kwargs, argnums=(0,)) for one in _positive_points(s)]


def _gamma_logpdf(z: Any, a: Any) -> Any:
    return where(less(z, 0), -math.inf, xlogy(a - 1, z) - z - gammaln(a))


@_distribution(st.gamma.logpdf, "gamma.logpdf", _positive_points)
def gamma_logpdf(x: Any, a: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """Logarithm of the gamma density: (a−1) log z − z − log Γ(a)."""
    return _where_positive(_less_log(_gamma_logpdf(_standardised(x, loc, scale), a), scale), a, scale)


@_distribution(st.gamma.pdf, "gamma.pdf", _positive_points)
def gamma_pdf(x: Any, a: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """Gamma density."""
    return exp(gamma_logpdf(x, a, loc, scale))


@_distribution(st.gamma.cdf, "gamma.cdf", _positive_points_with_fixed_shape)
def gamma_cdf(x: Any, a: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """Gamma distribution function; not differentiated by the shape."""
    return _where_positive(gammainc(a, maximum(_standardised(x, loc, scale), 0.0)), a, scale)


@_distribution(st.chi2.logpdf, "chi2.logpdf", _positive_points)
def chi2_logpdf(x: Any, df: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """Logarithm of the chi-squared density: a gamma density of shape df/2 and scale 2."""
    density = _gamma_logpdf(0.5 * _standardised(x, loc, scale), 0.5 * df) - math.log(2)
    return _where_positive(_less_log(density, scale), df, scale)


@_distribution(st.chi2.pdf, "chi2.pdf", _positive_points)
def chi2_pdf(x: Any, df: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """Chi-squared density."""
    return exp(chi2_logpdf(x, df, loc, scale))


@_distribution(st.chi2.cdf, "chi2.cdf", _positive_points_with_fixed_shape)
def chi2_cdf(x: Any, df: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """Chi-squared distribution function; not differentiated by the degrees of freedom."""
    return _where_positive(gammainc(0.5 * df, 0.5 * maximum(_standardised(x, loc, scale), 0.0)), df, scale)


# Poisson distribution ---------------------------------------------------------------------------------------------
def _counts(s: Sampler) -> list[Example]:
    return [
        Example((np.array([0, 1, 4]), s.positive(3)), argnums=(1,)),
        Example((np.array([[2.0], [3.0]]), s.positive(4)), argnums=(1,)),
        example(3, s.positive(2), loc=1),
    ]


def _counts_and_others(s: Sampler) -> list[Example]:
    return [*_counts(s), Example((np.array([-1.0, 0.5]), s.positive(2)), argnums=(1,))]


def _excess(k: Any, mu: Any) -> Any:
    """k / μ − 1, the derivative of the logarithm; 0 for what cannot be a count."""
    possible = logical_and(greater_equal(k, 0), equal(floor(k), k))
    return where(possible, quotient(k, mu) - 1, 0.0)


#: Counts are whole numbers: only the mean is differentiated.
_poisson_logpmf = elementwise_op(
    "poisson.logpmf", st.poisson.logpmf, None, lambda out, k, mu: _excess(k, mu), domain=(), serves=()
)
_poisson_pmf = elementwise_op(
    "poisson.pmf", st.poisson.pmf, None, lambda out, k, mu: out * _excess(k, mu), domain=(), serves=()
)
_poisson_cdf = elementwise_op(
    "poisson.cdf", st.poisson.cdf, None, lambda out, k, mu: -_poisson_pmf(floor(k), mu), domain=(), serves=()
)


@_distribution(st.poisson.logpmf, "poisson.logpmf", _counts)
def poisson_logpmf(k: Any, mu: Any, loc: Any = 0) -> Any:
    """Logarithm of the probability of a count."""
    return _poisson_logpmf(_standardised(k, loc, 1), mu)


@_distribution(st.poisson.pmf, "poisson.pmf", _counts_and_others)
def poisson_pmf(k: Any, mu: Any, loc: Any = 0) -> Any:
    """Probability of a count."""
    return _poisson_pmf(_standardised(k, loc, 1), mu)


@_distribution(st.poisson.cdf, "poisson.cdf", _counts_and_others)
def poisson_cdf(k: Any, mu: Any, loc: Any = 0) -> Any:
    """Probability of at most a count."""
    return _poisson_cdf(_standardised(k, loc, 1), mu)
