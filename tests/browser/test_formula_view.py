"""The formula view: examples stepped to their end, typing, errors, sliders, levels, descent, links, exports."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.browser.by_hand import Statements, gradient, values
from tests.browser.printed import read, says
from tests.browser.visiting import Visitor

pytestmark = pytest.mark.browser


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def cross_entropy(y: Any, y_hat: Any) -> Any:
    return -(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))


NEURON: Statements = [
    ("z", lambda v: v["w"] * v["x"] + v["b"]),
    ("ŷ", lambda v: sigmoid(v["z"])),
    ("L", lambda v: cross_entropy(v["y"], v["ŷ"])),
]
