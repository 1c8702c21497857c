"""What the cells of one column tell of it, gathered block by block."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from chainrule.tables.blocks import Block, First
from chainrule.tables.cells import (
    BadCell,
    as_labels,
    check_no_nul,
    first_place,
    has_codes,
    has_outer_spaces,
    not_numbers,
    parse_numbers,
    plain,
    without_missing,
)
from chainrule.tables.dates import MOMENT, date_formats, likely_formats, parse_dates
from chainrule.tables.decimals import Spelling, has_decimal_comma, have_decimal_commas, in_points

__all__ = ["LARGEST_EXACT", "MOST_CATEGORIES", "Evidence"]

#: A category has at most so many values; text with more is no feature.
MOST_CATEGORIES = 10_000
#: So many are counted if the user says that a column is a category.
_MOST_COUNTED = 200_000
#: Of numbers, so many different values are counted.
_MOST_NUMBERS = 100
#: So many cells are looked at before all are.
_TRIED_FIRST = 256
#: Whole numbers are exact in float64 up to here.
LARGEST_EXACT = 2.0**53

#: What columns of row numbers and keys are called; "column 3" is one without a name.
_IDENTIFIER = re.compile(
    r"(?i:id|index|idx|uuid|guid|key|row|rownum|unnamed.*|column \d+|.*[_\- .](id|uuid|guid))$|.*[a-z](Id|ID)$",
    re.DOTALL,
)
#: What columns that only number the rows are called, in English and German.
_ROW_NUMBER = re.compile(
    r"(?i:(?:(?:lfd|laufende|row|zeilen?)[\s_.\-]*)?(?:nr|no|num|number|nummer|#|№)\.?|lfd\.?|zeile)$"
)
_HUGE = r"^[+-]?\d{16,}$"


@dataclass
class Evidence:
    """What is known of a column so far.

    Attributes
    ----------
    name : str
    given : str
        The kind that the user names; "" where it is to be found out.
    markers : pyarrow.Array
        Cells that mean "no value".
    state : {"integer", "number", "text", "boolean", "date", "other"}
        What all values so far are.
    late : bool
        Whether it became text after numbers had been read, so that its values are not all counted.
    repeats : bool
        Whether a value was there twice in one block.
    follows : bool
        Whether each whole number so far is one more than that of the row before.
    spans : dict
        For each date format that may be, the range in seconds since 1970.
    words, comma, codes, huge, infinite, other_dates : First or None
        The first cell of each sort: `comma` of numbers with a decimal comma, where points are expected.
    spelling : Spelling or None
        How its numbers are written, where they are read with decimal commas.
    """

    name: str
    given: str
    markers: pa.Array
    state: str = "integer"
    rows: int = 0
    missing: int = 0
    example: First | None = None
    low: float = np.inf
    high: float = -np.inf
    numbers: set[float] | None = field(default_factory=set)
    counts: dict[str, int] | None = field(default_factory=dict)
    formats: list[str] | None = None
    spans: dict[str, tuple[float, float]] = field(default_factory=dict)
    late: bool = False
    repeats: bool = False
    follows: bool = True
    last: int | None = None
    mostly_numbers: bool = False
    words: First | None = None
    comma: First | None = None
    codes: First | None = None
    huge: First | None = None
    infinite: First | None = None
    other_dates: First | None = None
    other_type: str = ""
    spelling: Spelling | None = None

    def __post_init__(self) -> None:
        if self.given in ("category", "text", "boolean", "date"):
            self.state = "text"

    @property
    def may_be_identifier(self) -> bool:
        """Whether its name is that of a key."""
        return bool(_IDENTIFIER.match(self.name))

    @property
    def counts_rows(self) -> bool:
        """Whether each row has one more than that before, which may be a dose, a distance or a time as well."""
        return self.state == "integer" and self.follows and self.missing == 0

    @property
    def may_be_row_number(self) -> bool:
        """Whether it counts the rows, and its name says that it does nothing else."""
        return self.counts_rows and bool(_ROW_NUMBER.match(self.name.strip()))

    @property
    def values(self) -> int:
        """Cells that have one."""
        return self.rows - self.missing

    def add(self, cells: pa.Array, part: int, row: int) -> None:
        """Take in a block of cells, the first of which is in row `row` of part number `part`.

        Raises
        ------
        BadCell
            If a word is in a column that the user says is of numbers, or a NUL byte in any.
        """
        self.rows += len(cells)
        if len(cells) == cells.null_count:
            self.missing += len(cells)
            return
        if pa.types.is_dictionary(cells.type):
            self._declare_category()
        cells = plain(cells)
        kind = cells.type
        block = Block(cells, part, row)
        if pa.types.is_string(kind):
            self._add_text(block)
        elif pa.types.is_boolean(kind):
            self._add_labels(Block(as_labels(cells), part, row), "boolean")
        elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            self._add_typed_numbers(block)
        elif pa.types.is_date(kind) or pa.types.is_timestamp(kind):
            self._add_moments(Block(pc.cast(cells, MOMENT, safe=False), part, row))
        else:
            self.missing += cells.null_count
            self.state, self.other_type = "other", str(kind)

    def _declare_category(self) -> None:
        """A frame's own categories are taken as such, whatever they look like."""
        self.given = self.given or "category"
        if self.example is None:
            self.state = "text"

    # Numbers ----------------------------------------------------------------------------------------------------------

    def _add_text(self, block: Block) -> None:
        if self.state in ("integer", "number") and self._add_number_cells(block):
            return
        check_no_nul(block.cells)
        cells = without_missing(block.cells, self.markers) if has_outer_spaces(block.cells) else block.cells
        self._add_labels(Block(cells, block.part, block.row), "text")

    def _add_number_cells(self, block: Block) -> bool:
        """Whether all cells are numbers; if so, they are taken in."""
        cells = block.cells
        if self.spelling is not None:
            return self._add_cells_with_commas(block, self.spelling)
        numbers = self._parsed(cells)
        if numbers is None:
            cells = without_missing(cells, self.markers)
            numbers = self._parsed(cells)
        return self._add_parsed(Block(cells, block.part, block.row), cells, numbers)

    def _add_cells_with_commas(self, block: Block, spelling: Spelling) -> bool:
        block = Block(without_missing(block.cells, self.markers), block.part, block.row)
        cells = in_points(block.cells)
        numbers = self._parsed(cells)
        if numbers is not None:
            spelling.add(block)
        return self._add_parsed(block, cells, numbers)

    def _add_parsed(self, block: Block, cells: pa.Array, numbers: pa.Array | None) -> bool:
        """The same for a block, its cells with decimal points, and the numbers that they are, if all are."""
        if numbers is None:
            self._note_words(block, cells)
            return False
        if has_codes(cells) and self.given not in ("number", "integer"):
            self.codes = block.first(pc.match_substring_regex(cells, r"^0[^.eE \t]"))
            self._become_text()
            return False
        return self._take_numbers(block, numbers)

    def _parsed(self, cells: pa.Array) -> pa.Array | None:
        """The cells as numbers, if all are; a failing cast is slow, so the first cells are tried first."""
        kinds = [pa.int64(), pa.float64()] if self.state == "integer" else [pa.float64()]
        for kind in kinds:
            try:
                pc.cast(cells.slice(0, _TRIED_FIRST), kind)
                return pc.cast(cells, kind)
            except pa.ArrowInvalid:
                continue
        return None

    def _note_words(self, block: Block, cells: pa.Array) -> None:
        words = not_numbers(cells)
        index = max(first_place(words), 0)
        may_have_commas = self.spelling is None and has_decimal_comma(str(cells[index]))
        if self.given in ("number", "integer") and not may_have_commas:
            parse_numbers(cells)
            raise BadCell(index, str(block.cells[index]), "is no number", "empty the cell if it is missing")
        self.words = block.first(words) or First(block.part, block.row, "")
        if self.spelling is None:
            self.comma = block.first(have_decimal_commas(cells))
        self.mostly_numbers = self.example is not None or (pc.mean(words).as_py() or 0) < 0.5
        self._become_text()

    def _become_text(self) -> None:
        self.late = self.late or self.example is not None
        self.state = "text"

    def _take_numbers(self, block: Block, numbers: pa.Array) -> bool:
        """Whether the numbers are fit for float64; if so, they are taken in."""
        integers = pa.types.is_integer(numbers.type)
        values = np.asarray(numbers.drop_null() if numbers.null_count else numbers)
        if not integers and not np.isfinite(values).all():
            self.infinite = self.infinite or block.first(pc.is_inf(numbers))
            values = values[np.isfinite(values)]
        if not len(values):
            self.missing += len(numbers)
            return True
        low, high = values.min().item(), values.max().item()
        if max(-low, high) >= LARGEST_EXACT and self.given not in ("number", "integer"):
            huge = self._first_huge(block, integers)
            if huge:
                self.huge = self.huge or huge
                self._become_text()
                return False
        if not integers:
            self.state = "number"
        self.missing += len(numbers) - len(values)
        self.low, self.high = min(self.low, float(low)), max(self.high, float(high))
        self.example = self.example or block.first_value()
        self.follows = self.follows and integers and self._goes_on(values)
        self._count_numbers(values)
        return True

    def _goes_on(self, values: np.ndarray[Any, Any]) -> bool:
        """Whether each of these whole numbers is one more than that before, and the first one than the last so far."""
        before, self.last = self.last, int(values[-1])
        if before is not None and int(values[0]) != before + 1:
            return False
        return self.last - int(values[0]) == len(values) - 1 and bool((np.diff(values) == 1).all())

    def _first_huge(self, block: Block, integers: bool) -> First | None:
        cells = block.cells
        if pa.types.is_string(cells.type):
            return block.first(pc.match_substring_regex(cells, _HUGE))
        if not integers:
            return None
        limit = int(LARGEST_EXACT)
        return block.first(pc.or_(pc.greater_equal(cells, limit), pc.less_equal(cells, -limit)))

    def _count_numbers(self, values: np.ndarray[Any, Any]) -> None:
        if self.numbers is not None:
            self.numbers.update(map(float, values[:_TRIED_FIRST].tolist()))
            self._forget_many_numbers()
        wants_repeats = not self.repeats and self.state == "integer" and self.may_be_identifier
        if not wants_repeats and (self.numbers is None or len(values) <= _TRIED_FIRST):
            return
        unique = pc.unique(pa.array(values))
        self.repeats = self.repeats or len(unique) < len(values)
        if self.numbers is not None:
            if len(unique) <= _MOST_NUMBERS:
                self.numbers.update(map(float, unique.to_pylist()))
            self._forget_many_numbers(len(unique))

    def _forget_many_numbers(self, count: int = 0) -> None:
        if self.numbers is not None and max(count, len(self.numbers)) > _MOST_NUMBERS:
            self.numbers = None

    def _add_typed_numbers(self, block: Block) -> None:
        cells = block.cells
        if pa.types.is_decimal(cells.type) or pa.types.is_uint64(cells.type) or pa.types.is_float16(cells.type):
            cells = pc.cast(cells, pa.float64(), safe=False)
        if self.state in ("integer", "number") and self._take_numbers(Block(cells, block.part, block.row), cells):
            return
        self._add_labels(Block(as_labels(cells), block.part, block.row), "text")

    # Text -------------------------------------------------------------------------------------------------------------

    def _add_labels(self, block: Block, state: str) -> None:
        cells = block.cells
        if self.values - len(cells) == 0 or self.example is None:
            self.state = state
        elif self.state != state:
            self._become_text()
        self.missing += cells.null_count
        if cells.null_count == len(cells):
            return
        self.example = self.example or block.first_value()
        follow_dates = self.given in ("", "date") and self.formats != []
        if self.counts is None and self.repeats and not follow_dates:
            return
        table = pc.value_counts(cells.drop_null())
        unique = table.field(0)
        self.repeats = self.repeats or len(unique) < len(cells) - cells.null_count
        if follow_dates:
            self._narrow_formats(block, unique)
        self._count(unique, table.field(1))

    def _count(self, unique: pa.Array, counts: pa.Array) -> None:
        if self.counts is None:
            return
        most = _MOST_COUNTED if self.given == "category" else MOST_CATEGORIES
        if len(unique) <= most:
            known = self.counts
            for value, count in zip(unique.to_pylist(), counts.to_pylist(), strict=True):
                known[value] = known.get(value, 0) + count
        if max(len(unique), len(self.counts)) > most:
            self.counts = None

    def _narrow_formats(self, block: Block, unique: pa.Array) -> None:
        """Keep the date formats that fit these values too; where none is left, remember the value."""
        known = likely_formats(unique) if self.formats is None else self.formats
        self.formats = date_formats(unique, known)
        if known and not self.formats:
            try:
                parse_dates(unique, known[0])
            except BadCell as bad:
                self.other_dates = block.first(pc.equal(block.cells, bad.value))
        for name in self.formats:
            self._span(name, parse_dates(unique, name))

    def _span(self, name: str, moments: pa.Array) -> None:
        """Widen the range of dates, in seconds, as they are read in one format."""
        span = pc.min_max(pc.cast(moments, pa.int64())).as_py()
        if span["min"] is not None:
            low, high = self.spans.get(name, (np.inf, -np.inf))
            self.spans[name] = min(low, span["min"] / 1e6), max(high, span["max"] / 1e6)

    def _add_moments(self, block: Block) -> None:
        if self.example is None:
            self.state = "date"
        elif self.state != "date":
            self._add_labels(Block(pc.cast(block.cells, pa.string()), block.part, block.row), "text")
            return
        self.missing += block.cells.null_count
        self._span("", block.cells)
        self.example = self.example or block.first_value()
