"""Without llvmlite everything works through NumPy, and one notice says so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr

SOURCE = str(Path(cr.__file__).parents[1])

BLOCKED = """
import sys, warnings
sys.modules["llvmlite"] = None
seen = []
warnings.showwarning = lambda message, category, *rest: seen.append((category.__name__, str(message)))
warnings.simplefilter("always")
import numpy as np
import chainrule as cr
assert seen == [], seen
"""

TRAINING = """
def loss(w, X, y):
    p = 1 / (1 + np.exp(-(X @ w)))
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

X = np.linspace(-1.0, 1.0, 60).reshape(20, 3) ** 2
y = (X[:, 0] > 0.3) * 1.0
step = cr.jit(cr.value_and_grad(loss))
value, gradient = step(np.ones(3), X, y)
plan = step.plan(np.ones(3), X, y)
svd = cr.jit(lambda A: np.linalg.svd(np.exp(A), compute_uv=False))(np.eye(3))
total = cr.jit(lambda x: cr.scan(lambda c, row: (c + np.sin(row), c), 0.0, x))(np.arange(5.0))
result = cr.minimize(loss, np.ones(3), (X, y), optimizer=cr.Adam(lr=0.1), steps=30, batch_size=6)
print(repr([float(value), gradient.tolist(), svd.tolist(), float(total[0]), total[1].tolist(), result.params.tolist()]))
"""


def run_python(script: str) -> list[str]:
    environment = {**os.environ, "PYTHONPATH": SOURCE, "CHAINRULE_CACHE": "off"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def numbers(line: str) -> np.ndarray:
    return np.array([float(part) for part in line.replace("[", " ").replace("]", " ").split(",")])


def test_the_results_are_the_same_and_one_notice_says_so() -> None:
    told = 'print(len(seen), seen[0][0], "pip install llvmlite" in seen[0][1], "llvmlite" in plan)'
    without = run_python(BLOCKED + TRAINING + told)
    assert without[1:] == ["1 InterpretedWarning True False"]
    (line,) = run_python("import numpy as np, chainrule as cr" + TRAINING)
    np.testing.assert_allclose(numbers(without[0]), numbers(line), rtol=1e-10)


def test_a_plan_lists_the_calls_of_numpy() -> None:
    (line,) = run_python(BLOCKED + "print(cr.jit(lambda x: np.exp(x) + 1).plan(np.ones(3)).splitlines()[0])")
    assert line == "2 NumPy calls, one after the other"


def test_importing_and_differentiating_need_no_notice() -> None:
    script = "print(cr.grad(lambda x: np.sum(x**2))(np.ones(2)).tolist(), cr.config.threads > 0, seen)"
    assert run_python(BLOCKED + script) == ["[2.0, 2.0] True []"]


def test_the_notice_points_at_the_call_of_the_user() -> None:
    script = """
import sys, warnings
sys.modules["llvmlite"] = None
import numpy as np
import chainrule as cr
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    cr.jit(lambda x: x * 2)(np.ones(2))
    cr.jit(lambda x: x * 3)(np.ones(2))
print([(one.category.__name__, one.filename, one.lineno) for one in caught])
"""
    assert run_python(script) == ["[('InterpretedWarning', '<string>', 8)]"]


def test_llvmlite_is_loaded_when_something_is_compiled_and_not_before() -> None:
    pytest.importorskip("llvmlite")
    script = (
        "import sys, numpy as np, chainrule as cr\n"
        "before = 'llvmlite' in sys.modules\n"
        "f = cr.jit(lambda x: np.exp(x))\n"
        "wrapped = 'llvmlite' in sys.modules\n"
        "f(np.ones(3))\n"
        "print(before, wrapped, 'llvmlite' in sys.modules)\n"
    )
    assert run_python(script) == ["False False True"]
