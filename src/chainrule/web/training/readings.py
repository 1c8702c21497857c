"""How a user's own table is read: what a request says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chainrule.tables.decimals import DECIMALS
from chainrule.web.fields import Fields
from chainrule.web.limits import Limits

__all__ = ["AS_FOUND", "NAMES", "Reading"]

#: What requests call all this.
NAMES = ("types", "decimal", "encoding")
_ENCODINGS = ("utf-8", "windows-1252")


@dataclass(frozen=True)
class Reading:
    """What a user says of a table; without anything, it is found out.

    Attributes
    ----------
    types : mapping of str to str
        Kinds of columns, as `infer_schema` takes them.
    decimal : {"auto", ".", ","}
        What stands before the decimals of numbers.
    encoding : {"utf-8", "windows-1252"}
        Of text.
    """

    types: Mapping[str, str] = field(default_factory=dict)
    decimal: str = "auto"
    encoding: str = "utf-8"

    @classmethod
    def of(cls, fields: Fields, limits: Limits) -> Reading:
        """What the fields of a request say.

        Raises
        ------
        Refused
            400 if they say what cannot be.
        """
        return cls(
            fields.texts("types", {}, most=limits.table_columns, longest=40),
            fields.one_of("decimal", DECIMALS, "auto"),
            fields.one_of("encoding", _ENCODINGS, "utf-8"),
        )


#: A table of which nothing is said.
AS_FOUND = Reading()
