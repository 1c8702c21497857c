"""A row of the table becomes a formula with the weights of that moment."""

from __future__ import annotations

import pytest
from tests.web.serving import Served
from tests.web.training.browsing import browsing
from tests.web.training.making import live_training

from chainrule.tables.generated import generated_table
from chainrule.web.fields import Refused
from chainrule.web.training.samples import row_of


def test_rows_are_found_by_their_number_in_the_table() -> None:
    live = live_training(source={"rows": 40})
    table = generated_table("moons", rows=40, noise=0.1, seed=0)
    parts = set()
    for number in range(1, 41):
        row, part = row_of(live.rows, number)
        assert row.num_rows == 1
        assert row.column("x1")[0].as_py() == table["x1"][number - 1]
        parts.add(part)
    assert parts == {"training", "validation"}
    for number in (0, 41, -1):
        with pytest.raises(Refused) as refused:
            row_of(live.rows, number)
        assert refused.value.status == 422


@pytest.mark.parametrize("name", ["moons", "blobs", "hills"])
def test_a_row_is_a_formula_with_the_present_weights(page: Served, name: str) -> None:
    with browsing(page) as tab:
        tab.run(source={"name": name, "rows": 60}, settings={"hidden": [3]})
        tab.epochs(1)
        sample = tab.post("sample", row=17).json
        lesson = page.post("/api/lesson", {part: sample[part] for part in ("statements", "values", "level", "wrt")})
    live = live_training(source={"name": name, "rows": 60}, settings={"hidden": [3]})
    live.advance(epochs=1)
    row, part = row_of(live.rows, 17)
    X, y = live.rows.preprocessing.arrays(row)
    expected = live.network.loss(live.params, X, live.network.encode(y))
    assert lesson.json["loss"] == pytest.approx(float(expected), rel=1e-12)
    assert sample["wrt"] == ["W1", "W2", "b1", "b2"]
    assert sample["note"].startswith(
        f"row 17 of {live.title} ({part}) and the weights after epoch 1; x is x1, x2, with"
    )
