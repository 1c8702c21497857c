"""NumPy's namespace, where arrays may be traced.

Use it in place of NumPy where NumPy's own protocols do not see a traced value: ``np.array([x, x ** 2])``,
``np.full(3, x)``, ``np.asarray(x)``; and for arrays that traced values are assigned into. Everything else works
with plain ``import numpy as np`` just as well. Outside of traced functions each function is NumPy's own.

It has NumPy's names, and with them those of the Array API standard (2024.12): ``concat``, ``permute_dims``,
``matrix_transpose``, ``acos``, ...

>>> import chainrule as cr
>>> import chainrule.numpy as cnp
>>> def f(x):
...     powers = cnp.zeros(3)
...     for i in range(3):
...         powers[i] = x ** i
...     return cnp.sum(powers)
>>> float(cr.grad(f)(2.0))
5.0
"""

from __future__ import annotations

from typing import Any

import numpy as _np

from chainrule.numpy import fft, linalg, random  # noqa: F401
from chainrule.numpy._brackets import c_, r_  # noqa: F401
from chainrule.numpy._creation import wrap as _wrap
from chainrule.trace.namespace import Namespace as _Namespace

_namespace = _Namespace(_np, globals(), _wrap)
__all__ = _namespace.names


def __getattr__(name: str) -> Any:
    return _namespace.find(name)


def __dir__() -> list[str]:
    return __all__
