"""The generated tables in small."""

from __future__ import annotations

from tests.web.serving import Served

from chainrule.tables.generated import GENERATED
from chainrule.web.training.previews import previews


def test_each_generated_table_has_points_and_their_targets() -> None:
    found = previews()
    assert set(found) == set(GENERATED)
    for name, record in GENERATED.items():
        columns = found[name]
        assert len(columns["x"]) == len(columns["y"]) == len(columns["target"]) > 50
        if record.classes:
            assert set(columns["target"]) == set(range(len(record.classes)))
        else:
            assert len(set(columns["target"])) > 50


def test_the_page_gets_them_as_they_are(page: Served) -> None:
    assert page.get("/api/training/previews").json == previews()
