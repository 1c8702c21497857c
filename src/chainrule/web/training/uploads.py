"""A user's own table: its bytes, and what the schema pass makes of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import pyarrow as pa

from chainrule.errors import ChainRuleError
from chainrule.tables.inference import infer_schema
from chainrule.tables.schema import Column, Schema
from chainrule.tables.sources import TableSource, open_table
from chainrule.tables.targets import Target, target_of
from chainrule.web.fields import Refused
from chainrule.web.limits import Limits
from chainrule.web.training.readings import AS_FOUND, Reading
from chainrule.web.training.texts import short
from chainrule.workflow.rows import design_width

__all__ = ["Opened", "Upload", "file_name"]

#: What a column to be predicted is often called.
_TARGETS = ("target", "label", "class", "y", "outcome", "diagnosis", "species")
_EXAMPLES = 3
_LONGEST_NAME = 120


def file_name(header: str) -> str:
    """What a browser says that a file is called, to be shown and for nothing else.

    Parameters
    ----------
    header : str
        Percent-encoded.

    Examples
    --------
    >>> file_name("C%3A%5Cdata%5Chouse%20prices.csv"), file_name("")
    ('house prices.csv', 'your table')
    """
    name = re.split(r"[\\/]", unquote(header, errors="replace"))[-1]
    shown = "".join(character for character in name if character.isprintable()).strip()
    return shown[:_LONGEST_NAME] or "your table"


@dataclass(frozen=True)
class Opened:
    """A file that was opened as a table, whose rows nobody has looked at.

    Attributes
    ----------
    name : str
    table : TableSource
        In memory.
    """

    name: str
    table: TableSource

    @classmethod
    def read(cls, data: bytes, name: str, limits: Limits) -> Opened:
        """Look at the beginning of a file.

        Raises
        ------
        Refused
            413 if it is too large.
        DataError
            If it is no table.
        """
        table = open_table(data, name=name, max_bytes=limits.table_bytes, max_header=limits.header_bytes)
        return cls(name, _of_fitting_size(table, limits))

    def upload(self, limits: Limits, reading: Reading = AS_FOUND) -> Upload:
        """Look at all rows.

        Parameters
        ----------
        limits : Limits
        reading : Reading, optional
            The kind ``"ignored"`` leaves a column out that cannot be read.

        Raises
        ------
        Refused
            413 if there are too many.
        DataError
            If they are no table, naming row and column, and the column that could be left out.
        """
        table = self.table
        if reading.encoding != AS_FOUND.encoding:
            table = _of_fitting_size(table.in_encoding(reading.encoding), limits)

        def bounded(rows: int) -> None:
            if rows > limits.table_rows:  # there may be millions more: they are not looked at
                raise _too_large(self.name, f"{rows:,} or more", "rows", limits.table_rows)

        schema = infer_schema(table, types=reading.types, decimal=reading.decimal, on_rows=bounded)
        kinds = {column.name: _kinds(column) for column in schema.columns}
        upload = Upload(self.name, table, schema, reading, kinds)
        target = upload._suggested_target()
        if target is not None:
            try:
                upload.decide(target, reading)
            except ChainRuleError:  # a column that can be shown need not be one that can be predicted
                upload.schema = schema
        return upload


@dataclass
class Upload:
    """A table that was uploaded, with the schema that was last decided.

    Attributes
    ----------
    name : str
    table : TableSource
        In memory.
    schema : Schema
    reading : Reading
        What the user said.
    kinds : dict of str to list of str
        Those that each column may have, as it was found.
    """

    name: str
    table: TableSource
    schema: Schema
    reading: Reading = AS_FOUND
    kinds: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, data: bytes, name: str, limits: Limits) -> Upload:
        """Look at all rows of a file, as `Opened` does.

        Raises
        ------
        Refused
            413 if it is too large.
        DataError
            If it is no table, naming row and column.
        """
        return Opened.read(data, name, limits).upload(limits)

    def decide(self, target: str | None, reading: Reading) -> None:
        """Run the schema pass again, with what the user knows better.

        Raises
        ------
        DataError
            If a column does not fit its kind, naming row and column.
        """
        if (target, reading) == (self.schema.target, self.reading) and target is not None:
            return
        is_other = reading.encoding != self.reading.encoding
        table = self.table.in_encoding(reading.encoding) if is_other else self.table
        self.schema = infer_schema(table, target, types=reading.types, decimal=reading.decimal)
        self.table, self.reading = table, reading

    @property
    def outcome(self) -> Target:
        """What the target calls for.

        Raises
        ------
        DataError
            If there is none, or it cannot be predicted.
        """
        return target_of(self.schema)

    @property
    def numbers(self) -> int:
        """How many the design matrix has, in which each category is a column of its own."""
        return self.schema.rows * design_width(self.schema)

    def require_size(self, limits: Limits) -> None:
        """Refuse a table from which the page cannot train.

        Raises
        ------
        Refused
            413.
        """
        width, classes = design_width(self.schema), len(self.outcome.classes)
        if width > limits.features:
            raise _too_large(self.name, f"{width:,}", "columns, of which each category is one,", limits.features)
        if self.numbers > limits.table_numbers:
            raise _too_large(self.name, f"{self.numbers:,}", "numbers, rows times columns,", limits.table_numbers)
        if classes > limits.classes:
            raise _too_large(self.name, f"{classes:,}", "classes to be predicted", limits.classes)

    def _suggested_target(self) -> str | None:
        """A column with a telling name, or else the last one that is no text."""
        possible = [column for column in self.schema.columns if column.is_feature]
        telling = [column for column in possible if column.name.strip().lower() in _TARGETS]
        found = telling or possible
        return found[-1].name if found else None

    # What the page shows ---------------------------------------------------------------------------------------------

    def payload(self, limits: Limits) -> dict[str, Any]:
        """Columns, kinds, reasons and examples, for JSON.

        Parameters
        ----------
        limits : Limits
            Of a run; what goes beyond is told, for columns may yet be left out.
        """
        examples = self._examples()
        return {
            "name": self.name,
            "rows": self.schema.rows,
            "columns": [self._shown(column, examples.get(column.name, [])) for column in self.schema.columns],
            "target": self.schema.targets[0] if self.schema.targets else None,
            "decimal": self.reading.decimal if any(part.is_text for part in self.table.parts) else None,
            "notes": [*self._notes(limits), *filter(None, [self.schema.note, self._encoding_note()])],
        }

    def _examples(self) -> dict[str, list[str]]:
        """The first values of each column that are not missing."""
        block = next(iter(self.table.parts[0].blocks()), None)
        if block is None:
            return {}
        first = block.slice(0, 50)
        return {
            name: [short(text) for text in _texts(column)][:_EXAMPLES]
            for name, column in zip(self.table.columns, first.columns, strict=True)
            if not _has_parts(column.type)
        }

    def _shown(self, column: Column, examples: list[str]) -> dict[str, Any]:
        values = column.values if column.example else ""
        if column.categories:
            some = [short(name) for name in column.categories[:4]]
            values += f": {', '.join(some)}" + (", …" if len(column.categories) > 4 else "")
        kinds = _kinds(column)
        if column.name in self.reading.types and kinds == ["ignored"]:  # its cells were not looked at
            before = self.kinds.get(column.name, kinds)
            kinds = (
                [*kinds, *(kind for kind in before if kind != "ignored")] if before != kinds else [*kinds, "category"]
            )
        return {
            "name": column.name,
            "kind": column.kind,
            "kinds": [kind for kind in kinds if kind != "ignored"] if column.name in self.schema.targets else kinds,
            "missing": column.missing,
            "detail": "; ".join(filter(None, [values, column.note])),
            "examples": examples,
        }

    def _encoding_note(self) -> str:
        return "" if self.reading.encoding == AS_FOUND.encoding else f"read as {self.reading.encoding}"

    def _notes(self, limits: Limits) -> list[str]:
        if not self.schema.targets:
            return ["choose the column that is to be predicted"]
        (name,) = self.schema.targets
        try:
            outcome = self.outcome
            self.require_size(limits)
        except ChainRuleError as error:
            return [error.what]
        if outcome.task == "regression":
            return [f"{name} is a column of numbers: the network predicts a number"]
        shown = ", ".join(map(short, outcome.classes[:6])) + (", …" if len(outcome.classes) > 6 else "")
        return [f"{name} has {len(outcome.classes)} classes: {shown}"]


def _has_parts(kind: pa.DataType) -> bool:
    """Whether a cell is a list or the like: a few bytes may stand for one of a billion parts."""
    return bool(pa.types.is_nested(kind) or (pa.types.is_dictionary(kind) and pa.types.is_nested(kind.value_type)))


def _texts(cells: pa.Array) -> list[str]:
    """The cells that have a value. Arrow writes times itself, for Python's end with the year 9999."""
    if pa.types.is_timestamp(cells.type) or pa.types.is_date(cells.type) or pa.types.is_duration(cells.type):
        cells = cells.cast(pa.string())
    return [str(value) for value in cells.to_pylist() if value is not None]


def _of_fitting_size(table: TableSource, limits: Limits) -> TableSource:
    """Refuse a table with too many columns or rows, or with names that are too long."""
    name = table.name
    if len(table.columns) > limits.table_columns:
        raise _too_large(name, f"{len(table.columns):,}", "columns", limits.table_columns)
    for column in table.columns:
        if len(column) > _LONGEST_NAME:
            raise Refused(422, f"{name} has a column with a name of {len(column):,} characters", "shorten its name")
    if table.rows is not None and table.rows > limits.table_rows:
        raise _too_large(name, f"{table.rows:,}", "rows", limits.table_rows)
    return table


def _too_large(name: str, count: str, what: str, most: int) -> Refused:
    return Refused(
        413,
        f"{name} has {count} {what}, and this page takes tables with at most {most:,}",
        "upload a part of it, ignore some columns, or train on all of it with `chainrule train`",
    )


def _kinds(column: Column) -> list[str]:
    """The kind that was decided, and others that its values may have."""
    possible: list[str] = [column.kind]
    if column.kind in ("number", "integer") or (column.kind == "ignored" and column.low is not None):
        possible += ["number", "category"]
    elif column.kind in ("boolean", "date", "text") or (column.kind == "ignored" and column.example):
        possible += ["category"]
    if {"number", "integer"} <= set(possible):
        possible.remove("number")
    return list(dict.fromkeys([*possible, "ignored"]))
