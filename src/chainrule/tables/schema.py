"""What the columns of a table are: decided once, printed, saved with the model, and used for every later file."""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np

from chainrule.errors import DataError
from chainrule.notation.numbers import number_text

__all__ = ["KINDS", "MISSING", "Column", "Kind", "Schema"]

Kind = Literal["number", "integer", "boolean", "category", "date", "text", "ignored"]
KINDS: tuple[str, ...] = get_args(Kind)

#: Cells that mean "no value", whatever the case of their letters and the spaces around them.
MISSING = ("", "NA", "N/A", "null", "nan", "?", "-")

_VERSION = 1
_WIDEST_CELL = 40


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : str
    kind : {"number", "integer", "boolean", "category", "date", "text", "ignored"}
        The last two are no features: text with too many different values, and what `note` says.
    missing : int
        Cells without a value.
    distinct : int or None
        How many different values there are; None where they were too many to count.
    low, high : float or None
        Range of numbers; of dates, in seconds since 1970.
    categories : tuple of str
        The values of a category or boolean, in order: as numbers where all are numbers, alphabetically otherwise.
    counts : tuple of int
        In how many rows each of them is.
    example : str
        The first value.
    format : str
        How dates are written, such as ``"day.month.year"``; of numbers ``"1.234,5"`` if points stand in thousands.
    note : str
        Why the column is no feature, or what to look at.

    Examples
    --------
    >>> Column("size", "number", low=1.5, high=4.0, example="1.5").is_feature
    True
    """

    name: str
    kind: Kind
    missing: int = 0
    distinct: int | None = None
    low: float | None = None
    high: float | None = None
    categories: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    example: str = ""
    format: str = ""
    note: str = ""

    @property
    def is_feature(self) -> bool:
        """Whether a model can learn from it."""
        return self.kind not in ("text", "ignored")

    @property
    def values(self) -> str:
        """Distinct values or range, as the printed schema shows them."""
        if self.kind in ("number", "integer") and self.low is not None:
            return f"{_number(self.low)} … {_number(self.high)}"
        if self.kind == "date" and self.low is not None:
            return f"{_day(self.low)} … {_day(self.high)}"
        return "many distinct" if self.distinct is None else f"{self.distinct:,} distinct"


@dataclass(frozen=True)
class Schema:
    """The columns of a table, and which of them is to be predicted.

    Attributes
    ----------
    columns : tuple of Column
    target : str, tuple of str, or None
        Several names for several outputs.
    rows : int
        Of the table from which it was inferred.
    missing : tuple of str
        Cells that mean "no value".
    decimal : {".", ","}
        What stands before the decimals of numbers, where they are text.

    Examples
    --------
    >>> size = Column("size", "number", low=1.0, high=2.0, example="1.0")
    >>> sold = Column("sold", "category", distinct=2, categories=("no", "yes"), example="yes")
    >>> schema = Schema((size, sold), target="sold")
    >>> print(schema)
    column  kind      missing  values      example  note
    size    number          0  1 … 2       1.0
    sold    category        0  2 distinct  yes      target
    >>> Schema.from_json(schema.to_json()) == schema
    True
    """

    columns: tuple[Column, ...]
    target: str | tuple[str, ...] | None = None
    rows: int = 0
    missing: tuple[str, ...] = MISSING
    decimal: str = "."
    _places: Mapping[str, int] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_places", {column.name: place for place, column in enumerate(self.columns)})
        check_names(self.targets, [column.name for column in self.columns], "the table")

    def __getitem__(self, name: str) -> Column:
        """The column of this name."""
        return self.columns[self._places[name]]

    def __contains__(self, name: str) -> bool:
        return name in self._places

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the columns to be predicted."""
        if self.target is None:
            return ()
        return (self.target,) if isinstance(self.target, str) else tuple(self.target)

    @property
    def features(self) -> tuple[Column, ...]:
        """The columns to learn from, in the order of the table."""
        targets = set(self.targets)
        return tuple(column for column in self.columns if column.is_feature and column.name not in targets)

    @property
    def note(self) -> str:
        """What to know of the whole table."""
        return "numbers are written with a decimal comma" if self.decimal == "," else ""

    def rows_of_table(self) -> list[tuple[str, ...]]:
        """The printed table, a header and a row for each column."""
        targets = set(self.targets)
        rows: list[tuple[str, ...]] = [("column", "kind", "missing", "values", "example", "note")]
        for column in self.columns:
            note = "; ".join(filter(None, ["target" if column.name in targets else "", column.note]))
            rows.append(
                (
                    _short(column.name),
                    column.kind,
                    f"{column.missing:,}",
                    column.values,
                    _short(column.example),
                    note,
                )
            )
        return rows

    def __str__(self) -> str:
        rows = self.rows_of_table()
        widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
        lines = []
        for row in rows:
            cells = [
                cell.rjust(width) if place == 2 else cell.ljust(width)
                for place, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            lines.append("  ".join(cells).rstrip())
        return "\n".join([*lines, self.note] if self.note else lines)

    def __rich__(self) -> Any:
        """The same table for ``rich.print``."""
        from rich.markup import escape
        from rich.table import Table

        header, *rows = self.rows_of_table()
        table = Table(box=None, pad_edge=False, caption=self.note or None, caption_justify="left")
        for name in header:
            is_example = name == "example"  # which may be cut short
            table.add_column(
                name,
                justify="right" if name == "missing" else "left",
                overflow="ellipsis" if is_example else "fold",
                no_wrap=is_example,
                max_width=14 if is_example else None,
            )
        for row in rows:
            dim = row[1] in ("text", "ignored")
            table.add_row(*map(escape, row), style="dim" if dim else None)
        return table

    def to_json(self) -> dict[str, Any]:
        """As a dictionary of what JSON can hold; fields with their default are left out."""
        return {
            "version": _VERSION,
            "target": list(self.target) if isinstance(self.target, tuple) else self.target,
            "rows": self.rows,
            "missing": list(self.missing),
            **({} if self.decimal == "." else {"decimal": self.decimal}),
            "columns": [_column_to_json(column) for column in self.columns],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Schema:
        """The schema that `to_json` wrote.

        Raises
        ------
        DataError
            If it is no such dictionary.
        """
        try:
            if data["version"] != _VERSION:
                raise DataError(f"the schema has version {data['version']!r}, but only version {_VERSION} is known")
            target = data["target"]
            return cls(
                tuple(map(_column_from_json, data["columns"])),
                tuple(target) if isinstance(target, list) else target,
                int(data["rows"]),
                tuple(map(str, data["missing"])),
                _known_decimal(data.get("decimal", ".")),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise DataError(f"this is no schema: {error!r}", fix="give what Schema.to_json returned") from None


def check_names(wanted: Iterable[str], names: Sequence[str], where: str) -> None:
    """Raise for the first of the wanted columns that does not exist, with what was probably meant."""
    known = set(names)
    for name in wanted:
        if name not in known:
            close = difflib.get_close_matches(name, names, 1)
            shown = ", ".join(names[:10]) + (f", … ({len(names):,} in all)" if len(names) > 10 else "")
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise DataError(f"{where} has no column {name!r}", fix=f"{hint}its columns are {shown}")


def _known_decimal(sign: object) -> str:
    if sign not in (".", ","):
        raise DataError(f"the schema has numbers with {sign!r} before their decimals, and only '.' and ',' are known")
    return str(sign)


_FIELDS = {item.name: item for item in dataclasses.fields(Column)}


def _column_to_json(column: Column) -> dict[str, Any]:
    values = {name: getattr(column, name) for name in _FIELDS}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if value != _FIELDS[name].default
    }


def _column_from_json(data: Mapping[str, Any]) -> Column:
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
    if values.get("kind") not in KINDS or not isinstance(values.get("name"), str):
        raise DataError(f"the schema has a column {values.get('name')!r} of kind {values.get('kind')!r}")
    return Column(**values)


def _number(value: float | None) -> str:
    return number_text(value or 0.0, digits=6)


def _day(seconds: float | None) -> str:
    return str(np.datetime64(math.floor(seconds or 0.0), "s").astype("datetime64[D]"))  # Python ends with the year 9999


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _WIDEST_CELL else text[: _WIDEST_CELL - 1] + "…"
