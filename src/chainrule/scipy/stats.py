"""Probability distributions whose densities and distribution functions take traced values.

>>> import chainrule as cr
>>> from chainrule.scipy import stats
>>> float(cr.grad(stats.norm.logpdf)(2.0))
-2.0
>>> float(cr.grad(lambda scale: stats.norm(0.0, scale).logpdf(1.0))(1.0))
0.0
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import scipy.stats as _source

from chainrule.ops.load import load_for_scipy as _load_records
from chainrule.trace.namespace import Namespace as _Namespace
from chainrule.trace.namespace import describe_wrapper as _describe_wrapper
from chainrule.trace.namespace import recorded as _recorded


class _Distribution:
    """One of SciPy's distributions; its methods are wrapped when they are first asked for."""

    def __init__(self, source: Any, module: str) -> None:
        self._source = source
        self._module = module
        self.__doc__ = source.__doc__

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        member = getattr(self._source, name)
        if callable(member):
            member = _recorded(member, f"{self._module}.{_distribution_name(self._source)}")
            setattr(self, name, member)
        return member

    def __call__(self, *args: Any, **kwargs: Any) -> _Frozen:
        """The distribution with fixed parameters, which may be traced."""
        return _Frozen(self, args, kwargs)

    def __dir__(self) -> list[str]:
        return dir(self._source)

    def __repr__(self) -> str:
        return f"<distribution {_distribution_name(self._source)}>"


class _Frozen:
    """A distribution with its parameters fixed: ``norm(0, scale).logpdf(x)``."""

    def __init__(self, distribution: _Distribution, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._distribution = distribution
        self.args = args
        self.kwds = kwargs

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        method = getattr(self._distribution, name)
        if not callable(method):
            return method

        def frozen_method(*args: Any, **kwargs: Any) -> Any:
            if name in _WITHOUT_POINT:
                return method(*self.args, *args, **{**self.kwds, **kwargs})
            return method(*args, *self.args, **{**self.kwds, **kwargs})

        _describe_wrapper(frozen_method, method, method.__module__)
        return frozen_method


#: Methods of a frozen distribution that do not take a point before the parameters.
_WITHOUT_POINT = {"mean", "var", "std", "median", "entropy", "rvs", "stats", "support", "cov", "mode"}


def _distribution_name(source: Any) -> str:
    return getattr(source, "name", None) or type(source).__name__.removesuffix("_gen")


def _wrap(member: Callable[..., Any], module: str) -> Any:
    """Distributions are objects with methods; everything else is a function."""
    if hasattr(member, "rvs"):
        return _Distribution(member, module)
    return _recorded(member, module)


_load_records()
_namespace = _Namespace(_source, globals(), _wrap)
__all__ = _namespace.names


def __getattr__(name: str) -> Any:
    return _namespace.find(name)


def __dir__() -> list[str]:
    return __all__
