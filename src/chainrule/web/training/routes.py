"""The addresses of the training view."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chainrule.errors import DataError
from chainrule.web.exchange import declared_bytes, read_bytes, read_json, reply
from chainrule.web.fields import Fields, Refused
from chainrule.web.limits import Limits
from chainrule.web.training.choices import choice_of, choices, warm_up
from chainrule.web.training.describing import count_parameters, description
from chainrule.web.training.downloads import attachment, model_file, program_file
from chainrule.web.training.events import EventResponse
from chainrule.web.training.frames import SHOWS
from chainrule.web.training.previews import previews
from chainrule.web.training.readings import AS_FOUND, NAMES, Reading
from chainrule.web.training.runs import Run
from chainrule.web.training.samples import sample_of
from chainrule.web.training.tabs import Tab, Tabs
from chainrule.web.training.uploads import Opened, Upload, file_name
from chainrule.workflow.live import LiveTraining

__all__ = ["routes"]

_ACTIONS = ("play", "pause", "step", "epoch", "reset")
_BYTES = "application/octet-stream"
#: A number of the design matrix, once as it is read, once as it is standardised, and once in the order of an epoch.
_BYTES_OF_A_NUMBER = 24


def routes(limits: Limits, tabs: Tabs) -> list[Route]:
    """The routes of the training view.

    Parameters
    ----------
    limits : Limits
    tabs : Tabs

    Returns
    -------
    list of Route
    """
    view = _View(limits, tabs)
    tab = "/api/tabs/{tab}"
    return [
        Route("/api/training", view.choices, methods=["GET"]),
        Route("/api/training/previews", view.previews, methods=["GET"]),
        Route("/api/tabs", view.open, methods=["POST"]),
        Route(f"{tab}/close", view.close, methods=["POST"]),
        Route(f"{tab}/events", view.events, methods=["GET"]),
        Route(f"{tab}/table", view.upload, methods=["PUT"]),
        Route(f"{tab}/schema", view.schema, methods=["POST"]),
        Route(f"{tab}/run", view.run, methods=["POST"]),
        Route(f"{tab}/control", view.control, methods=["POST"]),
        Route(f"{tab}/look", view.look, methods=["POST"]),
        Route(f"{tab}/sample", view.sample, methods=["POST"]),
        Route(f"{tab}/model", view.model, methods=["GET"]),
        Route(f"{tab}/report", view.report, methods=["GET"]),
        Route(f"{tab}/code", view.code, methods=["GET"]),
    ]


class _View:
    """The endpoints: they read a request, and hand what takes long to a thread."""

    def __init__(self, limits: Limits, tabs: Tabs) -> None:
        self._limits, self._tabs = limits, tabs
        self._warming: asyncio.Future[None] | None = None

    def _tab(self, request: Request) -> Tab:
        return self._tabs.get(request.path_params["tab"])

    async def _fields(self, request: Request) -> Fields:
        return Fields(await read_json(request, self._limits))

    # Tabs ------------------------------------------------------------------------------------------------------------

    async def choices(self, request: Request) -> Response:
        return reply(choices(self._limits))

    async def previews(self, request: Request) -> Response:
        return reply(await self._tabs.heavily(previews))

    async def open(self, request: Request) -> Response:
        if self._warming is None:
            self._warming = asyncio.ensure_future(self._tabs.heavily(warm_up))
        return reply({"tab": self._tabs.open().id}, 201)

    async def close(self, request: Request) -> Response:
        self._tabs.give_up(self._tab(request))
        return Response(status_code=204)

    async def events(self, request: Request) -> Response:
        tab = self._tab(request)
        if request.method == "HEAD":
            return Response(headers={"content-type": "text/event-stream", "cache-control": "no-store"})
        stream = self._tabs.connect(tab)
        return EventResponse(stream, lambda: self._tabs.disconnect(tab, stream), ping_seconds=self._limits.ping_seconds)

    # Tables ----------------------------------------------------------------------------------------------------------

    async def upload(self, request: Request) -> Response:
        tab = self._tab(request)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != _BYTES:
            raise Refused(415, f"the content type {kind or 'none'!r} is not understood here", f"send {_BYTES}")
        async with self._tabs.turn(tab):
            most, room = self._limits.upload_bytes, self._tabs.room
            with room.kept(tab.id):
                declared = declared_bytes(request, most)
                room.require(tab.id, body=most if declared is None else declared)  # before any of them is read
                data = await read_bytes(request, self._limits, most)
                room.require(tab.id, body=len(data))
                name = file_name(request.headers.get("x-file-name", ""))
                opened = await self._tabs.heavily(lambda: Opened.read(data, name, self._limits))
                room.require(tab.id, opened=opened.table.held_bytes, body=0)
            return reply(await self._looked_through(tab, opened, AS_FOUND))

    async def _looked_through(self, tab: Tab, opened: Opened, reading: Reading) -> dict[str, Any]:
        """What a new table is. Where it may be read in another way, it stays opened."""

        def looked_through() -> tuple[Upload, dict[str, Any]]:
            upload = opened.upload(self._limits, reading)
            return upload, upload.payload(self._limits)

        tab.opened = None
        try:
            upload, payload = await self._tabs.heavily(looked_through)
        except BaseException as error:
            if isinstance(error, DataError) and (error.column or error.encoding) and not tab.is_closed:
                tab.opened = opened
            else:
                self._tabs.room.require(tab.id, opened=0)
            raise
        self._tabs.room.require(tab.id, table=upload.table.held_bytes, opened=0)
        if not tab.is_closed:
            tab.upload = upload
        return payload

    async def schema(self, request: Request) -> Response:
        tab = self._tab(request)
        fields = (await self._fields(request)).only("target", *NAMES)
        target = fields.text("target", None, most=1000)
        reading = Reading.of(fields, self._limits)
        async with self._tabs.turn(tab):
            if target is None and tab.opened is not None:
                return reply(await self._looked_through(tab, tab.opened, reading))
            upload = tab.upload
            if upload is None:
                raise Refused(409, "this tab has no table of its own", "upload one first")

            def decided() -> dict[str, Any]:
                upload.decide(target, reading)
                return upload.payload(self._limits)

            return reply(await self._tabs.heavily(decided))

    # Runs ------------------------------------------------------------------------------------------------------------

    async def run(self, request: Request) -> Response:
        tab = self._tab(request)
        fields = await self._fields(request)
        async with self._tabs.turn(tab):
            number = tab.runs + 1
            with self._tabs.room.kept(tab.id):
                run, payload = await self._tabs.heavily(lambda: self._made(tab, fields, number))
            if tab.is_closed:
                run.close()
                run.work()
                raise Refused(404, "this tab was closed meanwhile", "load the page again")
            tab.runs = number
            self._tabs.replace_run(tab, run)
        return reply(payload)

    def _made(self, tab: Tab, fields: Fields, number: int) -> tuple[Run, dict[str, Any]]:
        choice = choice_of(fields, tab.upload, self._limits)
        self._tabs.room.require(tab.id, run=_BYTES_OF_A_NUMBER * choice.numbers)
        live = LiveTraining(choice.source, choice.target, choice.settings, title=choice.title)
        learnt = count_parameters(live)
        if learnt > self._limits.parameters:
            live.close()
            raise Refused(
                413,
                f"the network would learn {learnt:,} numbers, and this page trains at most {self._limits.parameters:,}",
                "choose fewer units, or a table with fewer columns",
                "hidden",
            )
        run = Run(
            live,
            choice,
            number,
            self._limits,
            publish=tab.publish,
            is_watched=tab.is_watched,
            clock=self._tabs.clock,
        )
        return run, {"run": number, **description(live, run.frames)}

    async def control(self, request: Request) -> Response:
        tab = self._tab(request)
        fields = (await self._fields(request)).only("action", "speed")
        action = fields.one_of("action", _ACTIONS)
        speed = fields.number("speed", None, least=0.01, most=self._limits.speed)

        def controlled(run: Run) -> dict[str, Any]:
            if action == "play":
                run.play(speed)
            else:
                getattr(run, action)()
            return run.state

        async with self._tabs.turn(tab):
            return reply(await self._tabs.holding(tab, controlled))

    async def look(self, request: Request) -> Response:
        tab = self._tab(request)
        fields = (await self._fields(request)).only("axes", "shows")
        axes = fields.wholes("axes", None, least=0, most=self._limits.table_numbers, longest=2)
        shows = fields.names("shows", None, most=len(SHOWS))

        def looked(run: Run) -> dict[str, Any]:
            run.look(axes, shows)
            chosen = run.frames.axes
            return {"axes": None if chosen is None else list(chosen), "points": run.frames.points.drawn(chosen)}

        async with self._tabs.turn(tab):
            return reply(await self._tabs.holding(tab, looked))

    # What is taken away ----------------------------------------------------------------------------------------------

    async def sample(self, request: Request) -> Response:
        tab = self._tab(request)
        number = (await self._fields(request)).only("row").whole("row", least=1, most=self._limits.table_rows)
        async with self._tabs.turn(tab):
            sample = await self._tabs.holding(tab, lambda run: sample_of(run.live, number))
            return reply(await self._tabs.heavily(sample.typed))

    async def model(self, request: Request) -> Response:
        return await self._file(request, ".safetensors", _BYTES, lambda run: model_file(run, self._limits))

    async def report(self, request: Request) -> Response:
        def html(run: Run) -> bytes:
            return run.live.trained().full_report().to_html().encode()

        return await self._file(request, ".html", "text/html; charset=utf-8", html)

    async def code(self, request: Request) -> Response:
        return await self._file(request, ".py", "text/x-python; charset=utf-8", program_file)

    async def _file(self, request: Request, ending: str, media_type: str, made: Callable[[Run], bytes]) -> Response:
        tab = self._tab(request)

        def named(run: Run) -> tuple[bytes, str]:
            return made(run), run.choice.title

        async with self._tabs.turn(tab):
            content, title = await self._tabs.holding(tab, named, is_download=True)
        headers = {"cache-control": "no-store", **attachment(title, ending)}
        return Response(content, headers=headers, media_type=media_type)
