"""Random programs of views, assignments and in-place operations: traced arrays do what NumPy's arrays do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
import chainrule.numpy as cnp
from chainrule.errors import StaleViewError

Array = Any
Step = Callable[[list[Array]], None]

MOVES: list[Callable[[Array], Array]] = [np.squeeze, np.atleast_2d, np.flip, np.ravel, lambda x: x[None]]
KINDS = ["view", "transpose", "reshape", "copy", "assign", "write_gathered", "in_place", "moved", "at"]


def random_index(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """A basic index: integers, slices (also with negative steps), ``None`` and ``...``."""
    entries: list[Any] = []
    for length in shape[: rng.integers(0, len(shape) + 1)]:
        choice = rng.integers(4)
        if choice == 0 and length:
            entries.append(int(rng.integers(-length, length)))
        elif choice == 1:
            entries.append(slice(None, None, -1))
        else:
            start, stop = sorted(rng.integers(0, length + 1, 2).tolist())
            entries.append(slice(start, stop, int(rng.integers(1, 3))))
    if rng.random() < 0.2:
        entries.insert(int(rng.integers(len(entries) + 1)), None)
    if rng.random() < 0.2:
        entries.insert(int(rng.integers(len(entries) + 1)), Ellipsis)
    return tuple(entries)


def gathering_index(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """An index by a mask or by integers, which copies."""
    if rng.random() < 0.5:
        return rng.random(shape) < 0.5
    return rng.permutation(shape[0])[: rng.integers(1, shape[0] + 1)]


def random_step(rng: np.random.Generator, arrays: list[Array]) -> Step | None:
    """One statement on the arrays at hand, chosen by their present shapes."""
    which = int(rng.integers(len(arrays)))
    shape = arrays[which].shape
    kind = str(
        rng.choice(["view", "transpose", "reshape", "copy", "assign", "write_gathered", "in_place", "moved", "at"])
    )
    if kind == "view":
        index = random_index(rng, shape)
        return lambda arrays: arrays.append(arrays[which][index])
    if kind == "transpose":
        axes = tuple(rng.permutation(len(shape)).tolist())
        return lambda arrays: arrays.append(arrays[which].transpose(axes))
    if kind == "reshape":
        return lambda arrays: arrays.append(arrays[which].reshape(-1))
    if kind == "copy":
        return lambda arrays: arrays.append(arrays[which].copy())
    if kind == "moved":
        function = MOVES[rng.integers(len(MOVES))]
        return lambda arrays: arrays.append(function(arrays[which]))
    if kind == "assign":
        index, factor = random_index(rng, shape), float(rng.integers(2, 5))
        other = int(rng.integers(len(arrays)))

        def assign(arrays: list[Array]) -> None:
            part = np.zeros(shape)[index]
            if fits(arrays[other].shape, part.shape):
                arrays[which][index] = arrays[other] * factor
            else:
                arrays[which][index] = arrays[0].sum() * factor

        return assign
    if kind == "write_gathered" and shape and min(shape):
        index = gathering_index(rng, shape)

        def write(arrays: list[Array]) -> None:
            arrays[which][index] *= 2.0

        return write
    if kind == "in_place" and shape:
        index, summand = random_index(rng, shape), float(rng.integers(1, 4))

        def in_place(arrays: list[Array]) -> None:
            array = arrays[which]
            if summand > 2:
                array += summand
            else:
                array[index] -= summand

        return in_place
    if kind == "at" and shape and min(shape):
        rows = rng.integers(0, shape[0], 3)
        return lambda arrays: np.add.at(arrays[which], rows, 1.5)
    return None


def fits(source: tuple[int, ...], target: tuple[int, ...]) -> bool:
    """Whether a value of one shape can be assigned to a part of the other."""
    try:
        return np.broadcast_shapes(source, target) == target
    except ValueError:
        return False


@pytest.mark.parametrize("seed", range(200))
def test_a_random_program_of_views_and_assignments_ends_as_in_numpy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 4, rng.integers(1, 4)).tolist())
    start = np.arange(1.0, 1.0 + np.prod(shape)).reshape(shape)
    plain: list[Array] = [start * 1.0]
    steps: list[Step] = []
    for _ in range(12):
        step = random_step(rng, plain)
        if step is None or len(plain) > 6:
            continue
        try:
            step(plain)
        except (ValueError, TypeError, IndexError):  # NumPy refuses such a statement
            return
        if not all(isinstance(array, np.ndarray) for array in plain):
            plain[:] = [array for array in plain if isinstance(array, np.ndarray)]
            break
        steps.append(step)

    def program(x: Array) -> tuple[float, list[Array]]:
        arrays = [x * 1.0]
        for step in steps:
            step(arrays)
        return arrays[0].sum(), arrays

    try:
        (_, traced), gradient = cr.value_and_grad(program, has_aux=True)(start)
    except StaleViewError:
        return  # refusing is allowed where NumPy may or may not have made a view; a wrong number is not
    _, expected = program(start)
    for got, wanted in zip(traced, expected, strict=True):
        np.testing.assert_array_equal(got, wanted)
    assert gradient.shape == start.shape


VIEWS: dict[str, Callable[[Array], Array]] = {
    "asarray": cnp.asarray,
    "ascontiguousarray": cnp.ascontiguousarray,
    "ascontiguousarray of a transposed array": lambda v: cnp.ascontiguousarray(v.T),
    "astype without copy": lambda v: v.astype(float, copy=False),
    "atleast_2d": np.atleast_2d,
    "conj": lambda v: v.conj(),
    "copy": np.copy,
    "element with dots": lambda v: v[0, 0, ...],
    "expand_dims": lambda v: np.expand_dims(v, 0),
    "hsplit": lambda v: np.hsplit(v, 3)[0],
    "ravel of a transposed array": lambda v: np.ravel(v.T),
    "real": np.real,
    "real attribute": lambda v: v.real,
    "reshape in Fortran order": lambda v: v.T.reshape(6, order="F"),
    "reshape to a column": lambda v: v[0].reshape(-1, 1),
    "rot90": np.rot90,
    "split": lambda v: np.split(v, 2)[1],
    "transpose by keyword": lambda v: np.transpose(a=v),
    "rows": lambda v: list(v)[1],
}


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("into", ["the view", "the array"])
def test_a_write_is_seen_through_views_as_in_numpy_or_refused(name: str, into: str) -> None:
    def program(x: Array) -> tuple[Array, Array]:
        array = x * 1.0
        view = VIEWS[name](array)
        target = view if into == "the view" else array
        target[...] = -1.0
        return array, view * 1.0

    start = np.arange(6.0).reshape(2, 3)
    try:
        (_, traced), _ = cr.value_and_grad(lambda x: (np.sum(x), program(x)), has_aux=True)(start)
    except StaleViewError:
        return
    for got, wanted in zip(traced, program(start), strict=True):
        np.testing.assert_array_equal(got, wanted)
