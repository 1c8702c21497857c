"""The tables that scikit-learn brings along."""

from __future__ import annotations

import pytest

from chainrule.errors import DataError
from chainrule.tables import BUNDLED, Preprocessing, bundled_table, infer_schema, open_table


@pytest.mark.parametrize("name", BUNDLED)
def test_a_table_is_what_its_record_says(name: str) -> None:
    record = BUNDLED[name]
    columns, target = bundled_table(name)
    source = open_table(columns, name=record.title)
    schema = infer_schema(source, target)
    preprocessing = Preprocessing.fit(source, schema)
    assert target == record.target
    assert (schema.rows, len(columns) - 1) == (record.rows, record.features)
    assert (preprocessing.task, len(preprocessing.classes)) == (record.task, record.classes)


def test_classes_are_called_by_their_names() -> None:
    columns, target = bundled_table("iris")
    assert columns[target][::50] == ["setosa", "versicolor", "virginica"]


def test_diabetes_is_measured_in_years() -> None:
    columns, _ = bundled_table("diabetes")
    assert columns["age"][:2].tolist() == [59, 48]


@pytest.mark.parametrize(("name", "guess"), [("irs", "'iris'"), ("boston", "'breast_cancer'")])
def test_a_table_that_is_not_there(name: str, guess: str) -> None:
    with pytest.raises(DataError, match=f"no bundled table {name!r}; there are breast_cancer, iris") as caught:
        bundled_table(name)
    assert guess in str(caught.value.fix)
