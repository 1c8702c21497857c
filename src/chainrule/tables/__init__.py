"""Tables: from files to a schema, and from a schema to arrays. Knows nothing of models."""

from chainrule.tables.bundled import BUNDLED, bundled_table
from chainrule.tables.generated import GENERATED, generated_table
from chainrule.tables.inference import infer_schema
from chainrule.tables.preprocessing import Preprocessing
from chainrule.tables.reading import read_batches
from chainrule.tables.schema import Column, Schema
from chainrule.tables.sources import TableSource, open_table
from chainrule.tables.streaming import RowStream
from chainrule.tables.targets import Target, target_of

__all__ = [
    "BUNDLED",
    "GENERATED",
    "Column",
    "Preprocessing",
    "RowStream",
    "Schema",
    "TableSource",
    "Target",
    "bundled_table",
    "generated_table",
    "infer_schema",
    "open_table",
    "read_batches",
    "target_of",
]
