"""Records become what JSON can hold."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pytest

from chainrule.storage.plain import plain


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.array(3), 3),
        (np.bool_(True), True),
        (float("inf"), "Infinity"),
        ([-np.inf, {"a": (np.nan,)}], ["-Infinity", {"a": ["NaN"]}]),
        ({1: "a", None: "b"}, {"1": "a", "None": "b"}),
        (PurePosixPath("a/b"), "a/b"),
        (True, True),
        (None, None),
        ("text", "text"),
        (2**70, 2**70),
    ],
    ids=str,
)
def test_values_become_plain(value: Any, expected: Any) -> None:
    found = plain(value)
    assert found == expected
    assert type(found) is type(expected)
    assert json.loads(json.dumps(found, allow_nan=False)) == expected
