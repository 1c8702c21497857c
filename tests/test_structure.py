"""Nested containers: taken apart, compared, and put together again."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict, defaultdict, namedtuple
from typing import Any

import numpy as np
import pytest

from chainrule.errors import StructureError
from chainrule.structure import builder, collector, exact_key, flatten, map_leaves

Layer = namedtuple("Layer", "W b")


@dataclasses.dataclass(frozen=True)
class Model:
    weights: Any
    bias: Any
    hidden: int = 16
    activation: str = "tanh"
    center: Any = np.tanh


@dataclasses.dataclass(slots=True)
class Slotted:
    w: Any


ROUND_TRIPS = [
    1.0,
    (1.0, 2.0),
    [1.0, [2.0, (3.0,)]],
    {"W": 1.0, "b": [2.0, {"c": 3.0}]},
    Layer(1.0, {"x": 2.0}),
    OrderedDict(b=1.0, a=2.0),
    {1: 1.0, "a": 2.0, (2, 3): 3.0},
    None,
    {"a": None, "b": 1.0},
    (),
    {},
    [[], ()],
    Model([1.0, 2.0], 3.0),
    Slotted(1.0),
]


@pytest.mark.parametrize("container", ROUND_TRIPS, ids=repr)
def test_unflatten_undoes_flatten(container: Any) -> None:
    leaves, structure = flatten(container)
    rebuilt = structure.unflatten(leaves)
    assert rebuilt == container
    assert type(rebuilt) is type(container)
    assert structure.leaf_count == len(leaves)
    assert len(structure.paths()) == len(leaves)


def test_dicts_keep_their_order_of_insertion() -> None:
    leaves, structure = flatten({"b": 1.0, "a": 2.0})
    assert list(structure.unflatten(leaves)) == ["b", "a"]


def test_dicts_with_the_same_keys_in_another_order_have_the_same_structure() -> None:
    (first_leaves, first), (second_leaves, second) = flatten({"b": 1, "a": 2}), flatten({"a": 2, "b": 1})
    assert first == second
    assert hash(first) == hash(second)
    assert first_leaves == second_leaves


def test_defaultdicts_keep_their_factory() -> None:
    leaves, structure = flatten(defaultdict(list, a=1.0))
    assert structure.unflatten(leaves)["missing"] == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((1.0,), [1.0]),
        ((1.0, 2.0), (1.0,)),
        ({"a": 1.0}, {"b": 1.0}),
        ({"a": 1.0}, {"a": None}),
        (Layer(1.0, 2.0), (1.0, 2.0)),
        (Model(1.0, 2.0, hidden=3), Model(1.0, 2.0, hidden=4)),
        (1.0, (1.0,)),
    ],
    ids=repr,
)
def test_containers_of_other_types_lengths_keys_or_settings_differ(one: Any, other: Any) -> None:
    assert flatten(one)[1] != flatten(other)[1]


def test_settings_of_a_dataclass_are_no_leaves() -> None:
    leaves, _ = flatten(Model(1.0, 2.0))
    assert leaves == [1.0, 2.0]


def test_arrays_strings_and_classes_are_leaves() -> None:
    array = np.ones(3)
    assert flatten([array, "text", Model])[0] == [array, "text", Model]


def test_paths_lead_to_the_leaves() -> None:
    _, structure = flatten({"layers": [Layer(1.0, 2.0), Model(3.0, 4.0)], "scale": 5.0})
    assert structure.paths("params") == [
        "params['layers'][0].W",
        "params['layers'][0].b",
        "params['layers'][1].weights",
        "params['layers'][1].bias",
        "params['scale']",
    ]


def test_map_leaves_follows_the_first_structure() -> None:
    updated = map_leaves(lambda p, g: p - g, {"w": 3.0, "b": [1.0]}, {"b": [0.5], "w": 1.0})
    assert updated == {"w": 2.0, "b": [0.5]}


def test_map_leaves_refuses_other_structures_and_shows_both() -> None:
    with pytest.raises(StructureError, match=r"\{'w': \*\} and \{'v': \*\}"):
        map_leaves(lambda p, g: p, {"w": 1.0}, {"v": 1.0})


@pytest.mark.parametrize("count", [0, 1, 3])
def test_unflatten_refuses_a_wrong_number_of_leaves(count: int) -> None:
    _, structure = flatten((1.0, 2.0))
    with pytest.raises(StructureError, match=f"{count} leaves were given for a structure of 2"):
        structure.unflatten([0.0] * count)


def test_a_deep_container_is_taken_apart_in_order() -> None:
    container: Any = 0.0
    for depth in range(1, 200):
        container = [container, float(depth)]
    leaves, structure = flatten(container)
    assert leaves == [float(i) for i in range(200)]
    assert structure.unflatten(leaves) == container


@pytest.mark.parametrize("container", ROUND_TRIPS, ids=repr)
def test_collectors_and_builders_do_what_flatten_and_unflatten_do(container: Any) -> None:
    leaves, structure = flatten(container)
    collected: list[Any] = []
    assert collector(structure)(container, collected)
    assert collected == leaves
    rebuilt = builder(structure)(leaves)
    assert rebuilt == container
    assert type(rebuilt) is type(container)
    if isinstance(container, dict):
        assert list(rebuilt) == list(container)


@pytest.mark.parametrize("container", [c for c in ROUND_TRIPS if not isinstance(c, float)], ids=repr)
@pytest.mark.parametrize("other", ROUND_TRIPS, ids=repr)
def test_a_collector_knows_its_structure(container: Any, other: Any) -> None:
    structure, other_structure = flatten(container)[1], flatten(other)[1]
    collected: list[Any] = []
    taken = collector(structure)(other, collected) and not any(flatten(leaf)[1].kind for leaf in collected)
    assert taken == (exact_key(structure) == exact_key(other_structure))


def test_exact_keys_tell_orders_and_types_of_settings_apart() -> None:
    def key(container: Any) -> Any:
        return exact_key(flatten(container)[1])

    assert key({"a": 1.0, "b": 2.0}) != key({"b": 2.0, "a": 1.0})
    assert key(Model(1.0, 2.0, hidden=1)) != key(Model(1.0, 2.0, hidden=True))
    assert key(Model(1.0, 2.0)) == key(Model(3.0, 4.0))
    assert key(defaultdict(list, a=1.0)) != key(defaultdict(dict, a=1.0))
    assert not collector(flatten(Model(1.0, 2.0, hidden=1))[1])(Model(1.0, 2.0, hidden=True), [])
    assert not collector(flatten(defaultdict(list, a=1.0))[1])(defaultdict(dict, a=1.0), [])
    assert builder(flatten(defaultdict(list, a=1.0))[1])([2.0])["new"] == []
