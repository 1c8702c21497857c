"""All of scikit-learn's checks of estimators; none is expected to fail, and none is left out."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from chainrule.estimators import LinearRegression, LogisticRegression, MLPClassifier, MLPRegressor, Ridge

ESTIMATORS = [LinearRegression(), Ridge(), LogisticRegression(), MLPClassifier(), MLPRegressor()]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(ESTIMATORS)
def test_estimator(estimator: Any, check: Any) -> None:
    check(estimator)


def test_the_check_that_is_skipped_without_scipys_array_api() -> None:
    code = """
import warnings
import chainrule.estimators as estimators
from sklearn.utils.estimator_checks import check_array_api_input
warnings.simplefilter("ignore")
for name in estimators.__all__:
    model = getattr(estimators, name)()
    check_array_api_input(name, model, array_namespace="numpy", expect_only_array_outputs=False)
print("passed")
"""
    environment = {**os.environ, "SCIPY_ARRAY_API": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert result.stdout == "passed\n", result.stderr
