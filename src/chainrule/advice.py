"""What to do about an error, for whoever reads it: in Python, on the command line, or on the page."""

from __future__ import annotations

from typing import Literal

__all__ = ["Advice", "Reader", "advice_for"]

Reader = Literal["python", "command", "page"]


class Advice(str):
    """Advice in the words of each reader. As text it is that for Python, so that it can stand wherever a `str` can.

    Parameters
    ----------
    python : str
    command, page : str, optional
        Where they differ: options of the command line, and what the page has in place of them.

    Examples
    --------
    >>> advice = Advice("write lr=0.1", command="write --lr 0.1", page="choose the learning rate 0.1")
    >>> print(advice, "|", advice.command, "|", advice.page)
    write lr=0.1 | write --lr 0.1 | choose the learning rate 0.1
    """

    __slots__ = ("command", "page")
    command: str
    page: str

    def __new__(cls, python: str, *, command: str | None = None, page: str | None = None) -> Advice:
        made = super().__new__(cls, python)
        made.command = python if command is None else command
        made.page = python if page is None else page
        return made

    @classmethod
    def of(cls, *parts: str) -> Advice:
        """Texts and pieces of advice, one after the other.

        Examples
        --------
        >>> Advice.of("empty the cell; or ", Advice("types={'a': 'ignored'}", page="leave a out")).page
        'empty the cell; or leave a out'
        """
        said = {reader: "".join(advice_for(reader, part) or "" for part in parts) for reader in ("command", "page")}
        return cls("".join(parts), command=said["command"], page=said["page"])


def advice_for(reader: Reader, fix: str | None) -> str | None:
    """What an error advises, in the words of this reader; text that is no `Advice` says the same to all.

    Examples
    --------
    >>> advice_for("command", "check the path"), advice_for("page", Advice("write a=1", page="choose 1"))
    ('check the path', 'choose 1')
    """
    if isinstance(fix, Advice) and reader != "python":
        return fix.command if reader == "command" else fix.page
    return None if fix is None else str.__str__(fix)
