"""Every number that bounds what a client may ask of the page."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """Bounds of one page, all of which are refused with a message that names them.

    Attributes
    ----------
    json_bytes : int
        Body of a request in JSON.
    upload_bytes : int
        A table that is uploaded.
    body_seconds : float
        From the head of a request to the end of its body.
    head_seconds : float
        From the opening of a connection, or the end of the answer before, to the end of a request's head.
    unread_seconds : float
        How long a client may leave an answer unread before its connection is closed.
    linger_seconds : float
        How long the body of a refused request is still taken in and thrown away, so that the refusal arrives.
    connections : int
        Open at a time. One more closes the one that has waited longest without a request.
    workers : int
        Requests that are computed at a time; the others wait for their turn.
    """

    json_bytes: int = 256 * 1024
    upload_bytes: int = 64 * 1024**2
    body_seconds: float = 30.0
    head_seconds: float = 10.0
    unread_seconds: float = 60.0
    linger_seconds: float = 2.0
    connections: int = 400
    workers: int = 4
