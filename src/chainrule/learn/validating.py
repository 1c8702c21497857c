"""Settings of a training run that would fail later, or train nothing, are refused at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import ConfigError

__all__ = ["require_count", "require_optimizer"]


def require_optimizer(optimizer: Any) -> None:
    """Refuse what is no optimiser."""
    if isinstance(optimizer, type):
        raise ConfigError(
            f"optimizer is the class {optimizer.__name__}, not an optimiser",
            fix=f"make one: optimizer={optimizer.__name__}()",
        )
    if not (hasattr(optimizer, "init") and hasattr(optimizer, "update")):
        raise ConfigError(
            f"optimizer is {optimizer!r}, which has no init and no update",
            fix="give chainrule.GradientDescent(lr=0.1), chainrule.Adam(), or an object with these two methods",
        )


def require_count(name: str, count: Any, least: int | None = None) -> None:
    """Refuse what is no whole number, or too small a one."""
    whole = isinstance(count, (int, np.integer)) and not isinstance(count, bool)
    if not whole or (least is not None and count < least):
        raise ConfigError(f"{name} is a whole number, not {count!r}", fix=f"give {name} as an int, such as 100")
