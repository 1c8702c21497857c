"""Every rule, from its own record: values and gradients before and after, at every kind of number.

The formulas stand in the rules' records (`Case`). A formula is computed as it is written, in higher precision, for the
truth; as it is written, in the precision at hand, for what it was; and after the rule, for what it is now. A rule may
change a result by rounding errors, or bring it closer to the truth, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from chainrule.backward import backpropagate
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import CONSTANT, constant, input_node
from chainrule.graph.verify import verify
from chainrule.simplify.canonicalise import CANONICALISE
from chainrule.simplify.closed_forms import close_forms
from chainrule.simplify.costs import cost
from chainrule.simplify.merging import merge_equal
from chainrule.simplify.pipeline import apply_rules, simplify
from chainrule.simplify.relations import RELATIONS
from chainrule.simplify.rewrite import Case, Rewrite, Rule, RuleSet
from chainrule.simplify.sharing import SHARING
from chainrule.simplify.specialise import SPECIALISE
from chainrule.simplify.stabilise import STABILISE

SETS = [CANONICALISE, STABILISE, SPECIALISE, SHARING]
RULES = [(rules, rule) for rules in SETS for rule in rules.rules]
CASES = [
    *[pytest.param(rule, case, id=f"{rule.name}-{n}") for _, rule in RULES for n, case in enumerate(rule.cases)],
    *[pytest.param(one, case, id=f"{one.name}-{n}") for one in RELATIONS for n, case in enumerate(one.cases)],
]
DTYPES = [np.float64, np.float32]
FINER = {np.float64: np.longdouble, np.float32: np.float64}

#: Relative tolerance in units of the last place, for results and for the terms that they are sums of.
ULPS = 64


def numbers(dtype: Any) -> Any:
    """Zeros, numbers of both signs near and far, the extremes of a dtype, infinities and NaN."""
    top = np.finfo(dtype)
    moderate = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 3.0, -3.0, 1e-9, -1e-9, 12.0, -12.0]
    far = [40.0, -40.0, 89.0, -89.0, 710.0, -710.0, 800.0, 1e8, -1e8, top.tiny, top.max, -top.max]
    with np.errstate(over="ignore", under="ignore"):
        return np.array([*moderate, *far, np.inf, -np.inf, np.nan]).astype(dtype)


def arguments(case: Case, dtype: Any) -> list[Any]:
    """Values for the formula of a case: all combinations of the numbers, or random arrays of its shapes."""
    rng = np.random.default_rng(0)
    if case.shapes is not None:
        arrays = [rng.uniform(-2, 2, shape) if case.low < 0 else rng.uniform(0.1, 2, shape) for shape in case.shapes]
        return [
            (array > 0.7).astype(dtype) if i in case.labels else array.astype(dtype) for i, array in enumerate(arrays)
        ]
    with np.errstate(invalid="ignore"):
        values = numbers(dtype)
        inside = values[~((values < case.low) | (values > case.high))]
    labels = np.array([0.0, 1.0], dtype)
    grids = np.meshgrid(*[labels if i in case.labels else inside for i in range(case.arity)], indexing="ij")
    return [grid.ravel() for grid in grids]


def computed(nodes: Sequence[Node]) -> list[Any]:
    """Values of nodes as they are written, without stable forms."""
    values: dict[Node, Any] = {}
    with np.errstate(all="ignore"):
        for node in ancestors(nodes):
            inputs = [values[source] for source in node.inputs]
            values[node] = node._value if node._value is not None else node.op.compute(*inputs, **node.params)
    return [np.asarray(values[node]) for node in nodes]


def gradients(output: Node, inputs: list[Node]) -> list[Node]:
    found = backpropagate([output], [constant(np.ones(output.shape, output.dtype))], inputs)
    return [found.get(node, constant(np.zeros(node.shape, node.dtype))) for node in inputs]


def written(case: Case, values: Sequence[Any]) -> tuple[Node, list[Node]]:
    inputs = [input_node(value) for value in values]
    return case.formula(*inputs), inputs


def rewritten(rule: Any, nodes: list[Node], inputs: list[Node], log: list[Rewrite]) -> list[Node]:
    """The graph after one rule alone, or after closed forms if it is a relation."""
    if isinstance(rule, Rule):
        name = SHARING.name if rule in SHARING.rules else "alone"
        return apply_rules(RuleSet(name, [rule], frozenset([rule.name])), nodes, inputs, log)
    return close_forms(merge_equal(nodes, inputs), inputs, log)


def largest_term(output: Node) -> Any:
    """The size of the numbers that a result is put together from: a bound for its rounding errors."""
    size: Any = 0.0
    for node, value in zip(ancestors([output]), computed(ancestors([output])), strict=True):
        if node.dtype.kind == "f" and value.ndim <= output.ndim and node.op is not CONSTANT:
            with np.errstate(invalid="ignore"):
                finite = np.where(np.isfinite(value), np.abs(value), 0)
            try:
                size = np.maximum(size, np.broadcast_to(finite, output.shape))
            except ValueError:
                size = np.maximum(size, np.max(finite))
    return size


def check(after: Any, before: Any, truth: Any, terms: Any, usable: Any) -> None:
    """No farther from the truth than before, up to rounding; finite where it was."""
    assert after.dtype == before.dtype
    assert after.shape == before.shape
    dtype = before.dtype.type
    eps = np.finfo(dtype).eps
    with np.errstate(all="ignore"):
        finite = usable & np.isfinite(before) & np.isfinite(truth) & (np.abs(truth) <= np.finfo(dtype).max / 4)
        assert np.isfinite(after[finite]).all()
        wide = FINER[dtype]
        error_before = np.abs(before.astype(wide) - truth)[finite]
        error_after = np.abs(after.astype(wide) - truth)[finite]
        allowed = error_before + ULPS * (eps * np.broadcast_to(terms, before.shape)[finite] + np.finfo(dtype).tiny)
    worst = np.argmax(error_after - allowed) if error_after.size else 0
    assert (error_after <= allowed).all(), (after[finite][worst], before[finite][worst], truth[finite][worst])


def usable_points(values: Sequence[Any], case: Case, shape: tuple[int, ...]) -> Any:
    """Where arguments are finite. A formula of one argument also has its limit at infinity; with more arguments there
    may be none, as of y log x at (0, inf)."""
    usable = np.ones(shape, bool)
    if case.shapes is None and case.arity > 1:
        for value in values:
            usable &= np.isfinite(np.broadcast_to(value, shape))
    return usable


def exact(case: Case, values: Sequence[Any], dtype: Any) -> tuple[Node, list[Node]]:
    """The formula in higher precision."""
    inputs = [input_node(value.astype(FINER[dtype])) for value in values]
    return (case.truth or case.formula)(*inputs), inputs


def points(case: Case, dtype: Any) -> Iterator[list[Any]]:
    values = arguments(case, dtype)
    yield values
    if case.shapes is None and case.arity == 2:
        yield [values[0][:, None], values[1][None, :5]]  # broadcasting


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("rule", "case"), CASES)
def test_values_are_what_they_were_or_closer_to_the_truth(rule: Any, case: Case, dtype: Any) -> None:
    for values in points(case, dtype):
        output, inputs = written(case, values)
        log: list[Rewrite] = []
        (after,) = rewritten(rule, [output], inputs, log)
        verify(Graph(inputs, [after]))
        assert rule.name in {rewrite.rule for rewrite in log}
        assert all(rewrite.after is not rewrite.before for rewrite in log)
        (truth,), (before,), (now,) = computed([exact(case, values, dtype)[0]]), computed([output]), computed([after])
        terms = largest_term(output) if is_sum_of_terms(rule) else np.abs(before)
        check(now, before, truth, terms, usable_points(values, case, before.shape))
        if case.shapes is None:
            nan = np.any([np.isnan(np.broadcast_to(value, before.shape)) for value in values], axis=0)
            assert np.isnan(now[nan & np.isnan(before)]).all()


def is_sum_of_terms(rule: Any) -> bool:
    """Whether the result of a rule may differ by rounding errors of its terms, which may cancel."""
    return not isinstance(rule, Rule) or rule.name in ("two summands", "sum of a product", "sum of sums")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("rule", "case"), CASES)
def test_gradients_are_what_they_were_or_closer_to_the_truth(rule: Any, case: Case, dtype: Any) -> None:
    if case.values_only:
        pytest.skip("this rule makes programs, not graphs to differentiate")
    values = arguments(case, dtype)
    output, inputs = written(case, values)
    (after,) = rewritten(rule, [output], inputs, [])
    truths = computed(gradients(*exact(case, values, dtype)))
    before_nodes, now_nodes = gradients(output, inputs), gradients(after, inputs)
    verify(Graph(inputs, now_nodes))
    pairs = zip(before_nodes, computed(before_nodes), computed(now_nodes), truths, strict=True)
    for position, (node, before, now, truth) in enumerate(pairs):
        if position not in case.labels:
            check(now, before, truth, largest_term(node), usable_points(values, case, before.shape))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("rule", "case"), CASES)
def test_all_stages_together_keep_values_and_gradients_and_make_no_graph_dearer(
    rule: Any, case: Case, dtype: Any
) -> None:
    with np.errstate(invalid="ignore"):
        values = [np.clip(np.nan_to_num(value, nan=0.5), -20, 20) for value in arguments(case, dtype)]
    output, inputs = written(case, values)
    before = [output, *gradients(output, inputs)]
    after = simplify(before, inputs)
    verify(Graph(inputs, after))
    for old, new in zip(before, after, strict=True):
        with np.errstate(all="ignore"):
            (was,), (now,) = computed([old]), computed([new])
            usable = np.isfinite(was)
            size = np.broadcast_to(largest_term(old), was.shape)
            scale = ULPS * np.finfo(dtype).eps * size + np.finfo(dtype).tiny
            assert (np.abs(now - was)[usable] <= scale[usable]).all()
    assert sum(map(cost, ancestors(after))) <= sum(map(cost, ancestors(before)))


def test_every_rule_has_a_name_of_its_own_a_formula_and_a_case() -> None:
    names = [rule.name for _, rule in RULES] + [relation.name for relation in RELATIONS]
    assert len(set(names)) == len(names)
    for _, rule in RULES:
        assert rule.formula, rule.name
        assert rule.cases, rule.name


@pytest.mark.parametrize("rule", [rule for _, rule in RULES if rule.opt_in], ids=lambda rule: rule.name)
def test_a_rule_that_is_opt_in_is_not_used_unless_it_is_allowed(rule: Rule) -> None:
    (case,) = rule.cases[:1]
    output, inputs = written(case, arguments(case, np.float64))
    for allow in (None, frozenset([rule.name])):
        log: list[Rewrite] = []
        simplify([output], inputs, log=log, allow=allow)
        assert (rule.name in {rewrite.rule for rewrite in log}) == (allow is not None)
