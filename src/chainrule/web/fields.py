"""The fields of a JSON object, each read as what it must be."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from chainrule.errors import ChainRuleError
from chainrule.notation.numbers import number_text

__all__ = ["Fields", "Refused"]

_T = TypeVar("_T")
_REQUIRED: Any = object()


class Refused(ChainRuleError, ValueError):  # noqa: N818  # what a reply says, rather than what went wrong here
    """A request that is not answered as asked.

    Parameters
    ----------
    status : int
        Of HTTP, 400 to 499.
    what : str
        What is wrong with it. Lines after the first are shown as they stand.
    fix : str, optional
        What to send instead.
    name : str, optional
        The value or field that it is about.

    Examples
    --------
    >>> print(Refused(404, "there is no page /formulas", "open /"))
    there is no page /formulas
      fix open /
    """

    def __init__(self, status: int, what: str, fix: str | None = None, name: str | None = None) -> None:
        super().__init__(what, fix=fix)
        self.status = status
        self.name = name


class Fields:
    """A JSON object whose fields are asked for by name and type.

    Each method takes the name of a field and what stands for it where it is missing; without that, it must be there.
    Errors are `Refused` with status 400, and name the field.

    Parameters
    ----------
    data : dict
    path : str, optional
        Stands before the names of fields in messages, such as ``"settings."``.

    Examples
    --------
    >>> fields = Fields({"lr": 0.1, "steps": 5, "level": "operation"})
    >>> fields.number("lr"), fields.whole("steps", least=1, most=100), fields.one_of("level", ["operation"])
    (0.1, 5, 'operation')
    >>> fields.text("lr")
    Traceback (most recent call last):
    chainrule.web.fields.Refused: lr must be text, not a number
    """

    def __init__(self, data: Mapping[str, Any], path: str = "") -> None:
        self._data = data
        self._path = path

    def only(self, *names: str) -> Fields:
        """Refuse fields that nobody reads, which are typing mistakes; returns the fields."""
        for key in self._data:
            if key not in names:
                close = difflib.get_close_matches(key, names, 1)
                fix = f"did you mean {close[0]}?" if close else f"the fields here are {', '.join(names)}"
                raise Refused(400, f"{self._path}{key[:60]} is no field of this request", fix, key[:60])
        return self

    def text(self, name: str, default: _T = _REQUIRED, *, most: int = 20_000) -> str | _T:
        """Text of at most so many characters."""
        return self._read(name, default, lambda value: self._text(name, value, most))

    def flag(self, name: str, default: _T = _REQUIRED) -> bool | _T:
        """True or false."""
        return self._read(name, default, lambda value: self._typed(name, value, bool, "true or false"))

    def number(
        self, name: str, default: _T = _REQUIRED, *, least: float = -1.7e308, most: float = 1.7e308
    ) -> float | _T:
        """A finite number between two bounds."""
        return self._read(name, default, lambda value: self._number(name, value, least, most))

    def whole(self, name: str, default: _T = _REQUIRED, *, least: int, most: int) -> int | _T:
        """A whole number between two bounds; 3.0 is one."""
        return self._read(name, default, lambda value: self._whole(name, value, least, most))

    def one_of(self, name: str, choices: Sequence[str], default: _T = _REQUIRED) -> str | _T:
        """One of several texts."""

        def chosen(value: Any) -> str:
            if not isinstance(value, str) or value not in choices:
                shown = repr(value[:40]) if isinstance(value, str) else _kind(value)
                raise self._wrong(name, f"is {shown}", f"choose one of {', '.join(choices)}")
            return value

        return self._read(name, default, chosen)

    def texts(
        self, name: str, default: _T = _REQUIRED, *, most: int = 100, longest: int = 20_000
    ) -> dict[str, str] | _T:
        """An object of at most so many texts, each of at most so many characters."""

        def each(value: Any) -> dict[str, str]:
            found = self._typed(name, value, dict, "an object of texts")
            self._count(name, found, most)
            return {key: self._text(f"{name}.{key[:60]}", entry, longest) for key, entry in found.items()}

        return self._read(name, default, each)

    def names(self, name: str, default: _T = _REQUIRED, *, most: int = 100) -> list[str] | _T:
        """A list of at most so many texts."""

        def each(value: Any) -> list[str]:
            found = self._typed(name, value, list, "a list of texts")
            self._count(name, found, most)
            return [self._text(f"{name}[{place}]", entry, 1000) for place, entry in enumerate(found)]

        return self._read(name, default, each)

    def wholes(self, name: str, default: _T = _REQUIRED, *, least: int, most: int, longest: int) -> list[int] | _T:
        """A list of at most `longest` whole numbers between two bounds."""

        def each(value: Any) -> list[int]:
            found = self._typed(name, value, list, "a list of whole numbers")
            self._count(name, found, longest)
            return [self._whole(f"{name}[{place}]", entry, least, most) for place, entry in enumerate(found)]

        return self._read(name, default, each)

    def inside(self, name: str, default: _T = _REQUIRED) -> Fields | _T:
        """The fields of an object inside."""

        def fields(value: Any) -> Fields:
            return Fields(self._typed(name, value, dict, "an object"), f"{self._path}{name}.")

        return self._read(name, default, fields)

    def _read(self, name: str, default: Any, read: Any) -> Any:
        value = self._data.get(name)
        if value is None:
            if default is _REQUIRED:
                raise Refused(400, f"{self._path}{name} is missing", f"send {self._path}{name} too", name)
            return default
        return read(value)

    def _typed(self, name: str, value: Any, type: Any, wanted: str) -> Any:
        if not isinstance(value, type):
            raise self._wrong(name, f"must be {wanted}, not {_kind(value)}")
        return value

    def _text(self, name: str, value: Any, most: int) -> str:
        text: str = self._typed(name, value, str, "text")
        if len(text) > most:
            raise self._wrong(name, f"has {len(text):,} characters", f"send at most {most:,}")
        return text

    def _number(self, name: str, value: Any, least: float, most: float) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._wrong(name, f"must be a number, not {_kind(value)}")
        if not least <= value <= most:
            raise self._wrong(
                name, f"is {number_text(value)}", f"choose a number from {number_text(least)} to {number_text(most)}"
            )
        return float(value)

    def _whole(self, name: str, value: Any, least: int, most: int) -> int:
        number = self._number(name, value, least, most)
        if number != int(number):
            raise self._wrong(name, f"is {number_text(number)}", f"choose a whole number from {least} to {most}")
        return int(value)

    def _count(self, name: str, value: Any, most: int) -> None:
        if len(value) > most:
            raise self._wrong(name, f"has {len(value):,} entries", f"send at most {most:,}")

    def _wrong(self, name: str, what: str, fix: str | None = None) -> Refused:
        return Refused(400, f"{self._path}{name} {what}", fix, name)


def _kind(value: Any) -> str:
    """What a value of JSON is called."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return "a number"
    names: dict[type, str] = {str: "text", list: "a list", dict: "an object"}
    return names.get(type(value), "null")
