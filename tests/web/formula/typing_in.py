"""What the formula view would send, without a server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chainrule.web.fields import Fields
from chainrule.web.formula.statements import Typed, read_typed
from chainrule.web.limits import Limits


def typed(
    statements: str,
    values: Mapping[str, str] | None = None,
    wrt: Sequence[str] | None = None,
    limits: Limits | None = None,
) -> Typed:
    data = {"statements": statements, "values": dict(values or {}), "wrt": None if wrt is None else list(wrt)}
    return read_typed(Fields(data), limits or Limits())
