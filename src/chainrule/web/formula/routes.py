"""Addresses of the formula view."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, cast, get_args

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chainrule.errors import ChainRuleError
from chainrule.explain.model import Level
from chainrule.web.exchange import answering, refusal, reply
from chainrule.web.fields import Fields
from chainrule.web.formula.descent import descend
from chainrule.web.formula.exports import FORMATS, export_of
from chainrule.web.formula.lessons import lesson_of, lesson_payload
from chainrule.web.formula.presets import PRESETS
from chainrule.web.formula.records import value_records
from chainrule.web.formula.statements import read_sent, read_typed, typed_from
from chainrule.web.limits import Limits

__all__ = ["routes"]

_TYPED = ("statements", "values", "loose", "wrt")


def routes(limits: Limits) -> list[Route]:
    """The routes of the formula view.

    Parameters
    ----------
    limits : Limits

    Returns
    -------
    list of Route
        ``GET /api/presets``, and ``POST`` to ``/api/lesson``, ``/api/descent`` and ``/api/export``.
    """

    def lesson(fields: Fields, request: Request) -> dict[str, Any] | Response:
        fields.only(*_TYPED, "level", "closed_forms")
        level, closed_forms = _level(fields), fields.flag("closed_forms", False)
        sent = read_sent(fields, limits)
        # Whatever is wrong, there are fields for the values, or one could not change it.
        try:
            typed = typed_from(sent, limits)
        except ChainRuleError as error:
            return refusal(error, values=value_records(typed_from(sent, limits, skips_wrong=True)))
        try:
            return lesson_payload(typed, level, closed_forms=closed_forms)
        except ChainRuleError as error:
            return refusal(error, values=value_records(typed))

    def descent(fields: Fields, request: Request) -> dict[str, Any]:
        fields.only(*_TYPED, "lr", "steps")
        lr = fields.number("lr", least=0.0)
        steps = fields.whole("steps", least=0, most=limits.descent_steps)
        return descend(read_typed(fields, limits), lr, steps, limits.descent_seconds)

    def export(fields: Fields, request: Request) -> Response:
        fields.only(*_TYPED, "level", "format")
        format, level = fields.one_of("format", list(FORMATS)), _level(fields)
        file = export_of(lesson_of(read_typed(fields, limits), level), format)
        headers = {"content-disposition": f'attachment; filename="{file.name}"', "cache-control": "no-store"}
        return Response(file.content, headers=headers, media_type=file.media_type)

    return [
        Route("/api/presets", _presets, methods=["GET"]),
        Route("/api/lesson", answering(lesson, limits), methods=["POST"]),
        Route("/api/descent", answering(descent, limits), methods=["POST"]),
        Route("/api/export", answering(export, limits), methods=["POST"]),
    ]


async def _presets(request: Request) -> Response:
    return reply({"presets": [asdict(preset) for preset in PRESETS]})


def _level(fields: Fields) -> Level:
    return cast(Level, fields.one_of("level", get_args(Level), "statement"))
