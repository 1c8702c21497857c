"""The files of the page: the index, all that lies below ``static``, and the lesson's own script and styles.

No path of a request ever reaches the file system: each of its parts must equal a name in the listing of a folder. The
files are small, so they are read in the event loop: they wait for no thread that computes.
"""

from __future__ import annotations

import hashlib
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chainrule.web.fields import Refused

__all__ = ["routes"]

#: What is served, and as what. Everything else does not exist.
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
}
_LESSON = {".css", ".js"}


def routes() -> list[Route]:
    """The routes of the index and of all files."""
    return [Route("/", _index), Route("/static/lesson/{path:path}", _lesson), Route("/static/{path:path}", _static)]


async def _index(request: Request) -> Response:
    return _answer(request, _found(files("chainrule.web") / "static", "index.html", set(_TYPES)))


async def _static(request: Request) -> Response:
    return _answer(request, _found(files("chainrule.web") / "static", request.path_params["path"], set(_TYPES)))


async def _lesson(request: Request) -> Response:
    return _answer(request, _found(files("chainrule.explain.page"), request.path_params["path"], _LESSON))


def _found(folder: Traversable, path: str, endings: set[str]) -> Traversable:
    """Walk from a folder to a file, by the names that the folders list."""
    here: Traversable | None = folder
    for part in path.split("/"):
        entries = {entry.name: entry for entry in here.iterdir()} if here is not None and here.is_dir() else {}
        here = entries.get(part)
    if here is None or not here.is_file() or _ending(here.name) not in endings:
        raise Refused(404, f"there is no file /static/{path[:100]}")
    return here


def _ending(name: str) -> str:
    return name[name.rfind(".") :] if "." in name else ""


def _answer(request: Request, file: Traversable) -> Response:
    """The file, or word that the browser's copy is the newest."""
    body = file.read_bytes()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": "no-cache"}
    known = [entry.strip().removeprefix("W/") for entry in request.headers.get("if-none-match", "").split(",")]
    if tag in known:
        return Response(None, 304, headers)
    return Response(body, 200, {**headers, "content-type": _TYPES[_ending(file.name)]})
