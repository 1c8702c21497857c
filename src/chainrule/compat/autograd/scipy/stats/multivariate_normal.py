"""The methods of SciPy's ``stats.multivariate_normal`` as functions."""

from __future__ import annotations

from typing import Any

from chainrule.scipy import stats as _stats


def __getattr__(name: str) -> Any:
    return getattr(_stats.multivariate_normal, name)


def __dir__() -> list[str]:
    return dir(_stats.multivariate_normal)
