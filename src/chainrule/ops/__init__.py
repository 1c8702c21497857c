"""Every operation that chainrule knows, one file for each family, one record for each operation."""

from chainrule.ops import (  # noqa: F401  (importing a family declares its records)
    arithmetic,
    comparison,
    complex_numbers,
    exponential,
    indexing,
    neural,
    products,
    reduction,
    selection,
    shaping,
    trigonometric,
)
