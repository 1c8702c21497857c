"""Expressions are values: they never change, and equal ones are interchangeable."""

from __future__ import annotations

import copy
from dataclasses import FrozenInstanceError, fields, replace

import pytest

from chainrule.notation.tree import Call, Number, Power, Product, Root, Symbol, call

x, y = Symbol("x"), Symbol("y", is_array=True)


def test_fields_are_given_in_order_or_by_name() -> None:
    assert Power(x, Number(2)) == Power(exponent=Number(2), base=x)
    assert Symbol("h", 3) == Symbol(occurrence=3, name="h") == Symbol("h", occurrence=3)
    assert (Symbol("h").occurrence, Root(x).degree, x.is_array, y.is_array) == (None, 2, False, True)
    assert [field.name for field in fields(Root(x))] == ["is_array", "operand", "degree"]


@pytest.mark.parametrize(
    ("values", "named"), [((), {}), (("x", 1, 2), {}), (("x",), {"name": "y"}), (("x",), {"colour": "red"})]
)
def test_wrong_fields_are_refused(values: tuple[object, ...], named: dict[str, object]) -> None:
    with pytest.raises(TypeError, match="Symbol takes name, occurrence, and is_array by name"):
        Symbol(*values, **named)  # type: ignore[arg-type]


def test_an_expression_cannot_change() -> None:
    with pytest.raises(FrozenInstanceError, match=r"Symbol\.name"):
        x.name = "z"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError, match=r"Symbol\.name"):
        del x.name
    assert x.name == "x"


def test_equal_means_the_same_class_and_the_same_parts() -> None:
    first, second = x * y + 1, Symbol("x") * Symbol("y", is_array=True) + 1
    assert first == second
    assert hash(first) == hash(second)
    assert len({first, second, x, Symbol("x")}) == 2
    for other in (x * y + 2, x * Symbol("y") + 1, x * y, Symbol("x", 1)):
        assert first != other
    assert Call("f", (x,)) != Product((x,), "scalar")
    assert x != "x"


def test_a_changed_copy_has_its_own_hash() -> None:
    before = hash(x)
    changed = replace(x, occurrence=2)
    assert changed == Symbol("x", 2)
    assert {changed: 1} == {Symbol("x", 2): 1}
    assert hash(x) == before


def test_copies_are_equal() -> None:
    formula = call("tanh", x * y) ** 2
    hash(formula)
    assert copy.deepcopy(formula) == formula == copy.copy(formula)


def test_the_text_for_programmers_names_each_field() -> None:
    assert repr(Root(Symbol("h", 2), degree=3)) == (
        "Root(operand=Symbol(name='h', occurrence=2, is_array=False), degree=3, is_array=False)"
    )


def test_walking_goes_from_the_outside_to_the_inside() -> None:
    formula = x * y + call("exp", x)
    assert [type(part).__name__ for part in formula.walk()] == ["Sum", "Product", "Symbol", "Symbol", "Call", "Symbol"]
    assert formula.substituted({x: Number(2)}) == Number(2) * y + call("exp", Number(2))
    assert formula.substituted({Symbol("z"): x}) == formula


def test_what_does_not_change_is_the_same_object() -> None:
    formula = call("tanh", x * y) ** 2
    assert formula.substituted({Symbol("q"): x}) is formula
    changed = call("exp", x) + call("tanh", y)
    assert changed.substituted({x: y}).children[1] is changed.children[1]


def test_what_is_kept_of_a_part_stays_with_that_part() -> None:
    part = Symbol("q")
    assert part.kept("length") is None
    part.keep("length", 1)
    part.keep("width", 2)
    assert (part.kept("length"), part.kept("width"), part.kept(None)) == (1, 2, None)
    assert copy.copy(part).kept("length") is None
    assert replace(part, name="r").kept("length") is None
