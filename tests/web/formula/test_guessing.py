"""Values that nobody gave: the formula is computed with them, and what somebody gave stays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.errors import ChainRuleError
from chainrule.explain.formulas import parse
from chainrule.explain.formulas.shapes import infer_shapes
from chainrule.web.fields import Fields
from chainrule.web.formula import guessing
from chainrule.web.formula.guessing import guess_values
from chainrule.web.formula.presets import PRESETS
from chainrule.web.formula.statements import read_typed
from chainrule.web.limits import Limits


def guessed(text: str, loose: tuple[str, ...] = (), **given: Any) -> dict[str, Any]:
    guess = guess_values(parse(text), given, loose)
    assert guess.fits
    return guess.values


def test_numbers_are_1() -> None:
    assert guessed("w*x", w=2.0) == {"x": 1.0}


def test_nothing_is_guessed_where_all_is_given() -> None:
    assert guessed("w*x", w=2.0, x=3.0) == {}


def test_arrays_are_small_numbers_that_differ() -> None:
    W = guessed("sum(W @ x)")["W"]
    assert np.unique(W).size == W.size
    assert np.linalg.matrix_rank(W) == 2
    assert {len(repr(abs(float(number)))) for number in W.flat} == {3}  # such as 0.7
    assert (W < 0).any()


def test_guesses_are_the_same_each_time_and_another_for_each_name() -> None:
    first, second = guessed("sum(W @ x) + sum(V @ x)"), guessed("L = sum(W @ x)")
    np.testing.assert_array_equal(first["W"], second["W"])
    assert not np.array_equal(first["W"], first["V"])


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.id)
def test_each_example_is_computed_without_its_values(preset: Any) -> None:
    formula = parse(preset.statements)
    values = guessed(preset.statements)
    assert list(values) == list(formula.names)
    loss = formula(*values.values())
    assert np.ndim(loss) == 0
    assert np.isfinite(loss)


def test_logarithms_get_positive_numbers() -> None:
    assert (guessed("-sum(y*log(p))")["p"] > 0).all()


def test_what_fits_nowhere_is_1() -> None:
    guess = guess_values(parse("W @ x"), {"x": 50.0})
    assert (guess.fits, guess.values) == (False, {"W": 1.0})


def test_a_matrix_beside_a_long_vector_is_left_to_whoever_wants_it() -> None:
    guess = guess_values(parse("sum(W @ x)"), {"x": np.ones(600)})
    assert (guess.fits, guess.too_large, guess.values) == (False, {"W": (2, 600)}, {"W": 1.0})
    assert guessed("sum(W @ x)", x=np.ones(500))["W"].shape == (2, 500)


def test_left_over_values_go_where_they_do_not_fit() -> None:
    leftovers = {"w": 0.0, "x": 50.0, "b": 0.0}
    assert set(guessed("sum(W @ x + b)", loose=tuple(leftovers), x=50.0, b=0.0)) == {"W", "x"}
    assert guessed("w*x + b", loose=tuple(leftovers), **leftovers) == {}


def test_left_over_values_go_one_by_one() -> None:
    given = {"X": np.ones((4, 2)), "W": np.ones((2, 3)), "Y": np.ones((4, 3))}
    values = guessed("mean((X @ W @ v - Y @ u)**2)", loose=("X", "W", "Y"), **given)
    assert {name: value.shape for name, value in values.items()} == {"v": (3,), "u": (3,)}
    values = guessed("mean((X @ X.T @ W - Y)**2)", loose=("X", "W", "Y"), **given)
    assert {name: value.shape for name, value in values.items()} == {"W": (4, 3)}


@pytest.mark.parametrize(
    ("statements", "most"), [("sum(W @ x + b)", 3), (" + ".join(f"w{k}*x{k}" for k in range(20)), 2)]
)
def test_a_request_infers_shapes_a_few_times_however_many_values_are_left_over(
    statements: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[dict[str, tuple[int, ...]]] = []

    def counted(statements: Any, given: Any) -> Any:
        calls.append(dict(given))
        return infer_shapes(statements, given)

    monkeypatch.setattr(guessing, "infer_shapes", counted)
    names = parse(statements).names
    misfits = {name: f"[{', '.join(['1'] * (place % 7 + 2))}]" for place, name in enumerate(names)}
    sent = {"statements": statements, "values": misfits, "loose": list(names)}
    with pytest.raises(ChainRuleError):
        read_typed(Fields(sent | {"values": misfits | {names[0]: "["}}), Limits())
    assert not calls  # what is no value is refused first
    typed = read_typed(Fields(sent), Limits(loose_values=3))
    assert len(calls) <= 2 + 3
    assert len(calls) >= most
    assert not typed.misfits


def test_where_many_values_are_left_over_all_go_at_once() -> None:
    leftovers = {"W": np.ones((2, 3)), "x": np.ones(3), "b": np.ones(5)}
    formula = parse("sum(W @ x + b)")
    assert set(guess_values(formula, leftovers, tuple(leftovers), one_by_one=3).values) == {"b"}
    assert set(guess_values(formula, leftovers, tuple(leftovers), one_by_one=2).values) == {"W", "x", "b"}


def test_given_values_stay_though_left_over_ones_could_go() -> None:
    guess = guess_values(parse("W @ x + V @ z"), {"W": np.ones((2, 3)), "x": 5.0, "z": np.ones(4)}, ("z",))
    assert not guess.fits
    assert guess.values == {"V": 1.0}
