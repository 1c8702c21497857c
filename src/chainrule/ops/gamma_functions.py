"""Gamma and beta functions of `scipy.special`, complete and incomplete.

Where the derivative by an argument has no closed form (the shape of an incomplete gamma function), asking for it is
an error. Formulas: NIST Digital Library of Mathematical Functions, chapters 5 and 8.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as sp

from chainrule.graph.op import ZERO, Op
from chainrule.notation.tree import Fence, call
from chainrule.ops.exponential import exp, xlog1py, xlogy
from chainrule.ops.record import Example, Sampler, elementwise_op, example, function

_POSITIVE = (0.4, 3.0)


# Gamma function ---------------------------------------------------------------------------------------------------
digamma = elementwise_op(
    "digamma",
    sp.digamma,
    lambda out, x: polygamma(1, x),
    domain=_POSITIVE,
    serves=(sp.digamma, sp.psi),
    notation=lambda x: call("ψ", x),
)
polygamma = elementwise_op(
    "polygamma",
    sp.polygamma,
    None,
    lambda out, n, x: polygamma(n + 1, x),
    domain=((0.0, 0.0), _POSITIVE),
    serves=(sp.polygamma,),
    notation=lambda n, x: call("polygamma", n, x),
    examples=lambda s: [example(1, s.uniform(*_POSITIVE, 3)), example(np.array([0, 2]), s.uniform(*_POSITIVE, 2))],
)
gamma = elementwise_op(
    "gamma", sp.gamma, lambda out, x: out * digamma(x), domain=_POSITIVE, notation=lambda x: call("Γ", x)
)
gammaln = elementwise_op(
    "gammaln",
    sp.gammaln,
    lambda out, x: digamma(x),
    domain=_POSITIVE,
    notation=lambda x: call("log", Fence("|", call("Γ", x), "|", is_array=x.is_array)),
)
loggamma = elementwise_op(
    "loggamma", sp.loggamma, lambda out, x: digamma(x), domain=_POSITIVE, notation=lambda x: call("log", call("Γ", x))
)
rgamma = elementwise_op(
    "rgamma",
    sp.rgamma,
    lambda out, x: -out * digamma(x),
    domain=_POSITIVE,
    notation=lambda x: 1 / call("Γ", x),
)
gammasgn = elementwise_op("gammasgn", sp.gammasgn, ZERO, domain=_POSITIVE)
multigammaln_op = Op(
    "multigammaln",
    sp.multigammaln,
    lambda op, inputs, params: (inputs[0].shape, np.result_type(inputs[0].dtype, np.float64)),
    partials=(lambda out, a, d: _sum([digamma(a - j / 2) for j in range(d)]),),
    broadcasts=True,
    notation=lambda x, d: call("multigammaln", x),
)


def _sum(terms: list[Any]) -> Any:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


@function(sp.multigammaln, examples=lambda s: [example(s.uniform(2.5, 4.0, 2, 3), 3), example(s.positive(2), 1)])
def multigammaln(a: Any, d: int) -> Any:
    """Logarithm of the multivariate gamma function of dimension d."""
    return multigammaln_op(a, d=int(d))


def _gamma_density(a: Any, x: Any) -> Any:
    """x^(a−1) e^−x / Γ(a)"""
    return exp(xlogy(a - 1, x) - x - gammaln(a))


#: The incomplete gamma functions are differentiated by x, and not by the shape a.
gammainc = elementwise_op(
    "gammainc",
    sp.gammainc,
    None,
    lambda out, a, x: _gamma_density(a, x),
    domain=((0.0, 0.0), _POSITIVE),
    notation=lambda a, x: call("gammainc", a, x),
    examples=lambda s: [Example((s.positive(2, 1), s.positive(2, 3)), argnums=(1,))],
)
gammaincc = elementwise_op(
    "gammaincc",
    sp.gammaincc,
    None,
    lambda out, a, x: -_gamma_density(a, x),
    domain=((0.0, 0.0), _POSITIVE),
    notation=lambda a, x: call("gammaincc", a, x),
    examples=lambda s: [Example((s.positive(2, 1), s.positive(2, 3)), argnums=(1,))],
)
gammaincinv = elementwise_op(
    "gammaincinv",
    sp.gammaincinv,
    None,
    lambda out, a, y: 1 / _gamma_density(a, out),
    domain=(),
    notation=lambda a, y: call("gammaincinv", a, y),
    examples=lambda s: [Example((s.uniform(1.0, 2.0, 3), s.uniform(0.3, 0.7, 3)), argnums=(1,))],
)

# Beta function ----------------------------------------------------------------------------------------------------
beta = elementwise_op(
    "beta",
    sp.beta,
    lambda out, a, b: out * (digamma(a) - digamma(a + b)),
    lambda out, a, b: out * (digamma(b) - digamma(a + b)),
    domain=(_POSITIVE, _POSITIVE),
    notation=lambda a, b: call("B", a, b),
)
betaln = elementwise_op(
    "betaln",
    sp.betaln,
    lambda out, a, b: digamma(a) - digamma(a + b),
    lambda out, a, b: digamma(b) - digamma(a + b),
    domain=(_POSITIVE, _POSITIVE),
    notation=lambda a, b: call("log", call("B", a, b)),
)


def _beta_density(a: Any, b: Any, x: Any) -> Any:
    """x^(a−1) (1−x)^(b−1) / B(a, b)"""
    return exp(xlogy(a - 1, x) + xlog1py(b - 1, -x) - betaln(a, b))


def _beta_examples(s: Sampler) -> list[Example]:
    return [Example((s.positive(3), s.positive(2, 1), s.uniform(0.2, 0.8, 2, 3)), argnums=(2,))]


#: Differentiated by x, and not by the shapes a and b.
betainc = elementwise_op(
    "betainc",
    sp.betainc,
    None,
    None,
    lambda out, a, b, x: _beta_density(a, b, x),
    domain=(),
    notation=lambda a, b, x: call("betainc", a, b, x),
    examples=_beta_examples,
)
betaincc = elementwise_op(
    "betaincc",
    sp.betaincc,
    None,
    None,
    lambda out, a, b, x: -_beta_density(a, b, x),
    domain=(),
    notation=lambda a, b, x: 1 - call("betainc", a, b, x),
    examples=_beta_examples,
)
betaincinv = elementwise_op(
    "betaincinv",
    sp.betaincinv,
    None,
    None,
    lambda out, a, b, y: 1 / _beta_density(a, b, out),
    domain=(),
    notation=lambda a, b, y: call("betaincinv", a, b, y),
    examples=_beta_examples,
)
