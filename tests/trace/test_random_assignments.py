"""Random sequences of views and assignments: every name shows at the end what it shows in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import chainrule as cr

BASIC: list[Any] = [
    slice(None), slice(1, None), slice(None, None, -1), slice(0, 2), slice(None, None, 2), 0, -1, None, Ellipsis,
    (slice(None), 0), (Ellipsis, slice(1, None)), (None, 0), (slice(None, None, -1), Ellipsis),
]  # fmt: skip
COPYING: list[Any] = [[0, -1, 0], "mask", (Ellipsis, [0, 0])]

actions = st.lists(
    st.tuples(
        st.sampled_from(["view", "view", "transpose", "copy", "set", "set", "add", "scale", "set copying", "rebind"]),
        st.integers(0, 5),
        st.integers(0, len(BASIC) - 1),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=10,
)


def play(x: Any, script: list[tuple[str, int, int, int]]) -> list[Any]:
    """Run a script on an array; returns everything that has a name at the end."""
    names = [x * 1.0]
    for step, (action, which, how, other) in enumerate(script):
        v = names[which % len(names)]
        index = BASIC[how]
        if not v.ndim and action != "view":
            continue  # a number, in NumPy, which nothing can be assigned into
        value = 0.5 * step + names[other % len(names)].sum() * 0.1
        try:
            if action == "view":
                names.append(v[index])
            elif action == "transpose":
                names.append(v.T)
            elif action == "copy":
                names.append(v.copy())
            elif action == "set":
                v[index] = value
            elif action == "add":
                v[index] += value
            elif action == "scale":
                v *= 1.5
            elif action == "set copying":
                chosen = COPYING[how % 3]
                v[v > 1.0 if isinstance(chosen, str) else chosen] = value
            elif action == "rebind":
                names[which % len(names)] = v + value
        except (IndexError, TypeError):
            continue  # more indices than axes, or assignment into a number
    return names


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
@given(actions, st.sampled_from([(3,), (2, 3), (3, 2, 2)]))
def test_every_name_ends_as_in_numpy_and_gradients_agree_with_finite_differences(
    script: list[tuple[str, int, int, int]], shape: tuple[int, ...]
) -> None:
    x = np.linspace(-1, 2, int(np.prod(shape))).reshape(shape)
    expected = play(x.copy(), script)
    graph = cr.trace(lambda x: play(x, script), x)
    assert len(graph.outputs) == len(expected)
    for node, value in zip(graph.outputs, expected, strict=True):
        np.testing.assert_allclose(node.value, value, rtol=1e-12, atol=1e-12)

    def total(x: Any) -> Any:
        return sum(np.sum(np.sin(v)) for v in play(x, script))

    direction = np.cos(np.arange(x.size)).reshape(shape)
    step = 1e-6
    numeric = (total(x + step * direction) - total(x - step * direction)) / (2 * step)
    np.testing.assert_allclose(np.sum(cr.grad(total)(x) * direction), numeric, rtol=1e-5, atol=1e-5)
