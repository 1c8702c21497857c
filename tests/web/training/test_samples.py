"""A row of the table becomes a formula with the weights of that moment."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tests.web.serving import Served
from tests.web.training.browsing import browsing
from tests.web.training.making import live_training

import chainrule as cr
from chainrule.tables.generated import generated_table
from chainrule.web.fields import Refused
from chainrule.web.limits import Limits
from chainrule.web.training.frames import Frames
from chainrule.web.training.samples import in_table_units, row_of, sample_of


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
    expected = live.loss(X, y)
    assert lesson.json["loss"] == pytest.approx(float(expected), rel=1e-12)
    assert sample["wrt"] == ["W1", "W2", "b1", "b2"]
    assert sample["note"].startswith(
        f"row 17 of {live.title} ({part}) and the weights after epoch 1; x is x1, x2, with"
    )


@pytest.mark.parametrize(
    ("name", "settings"),
    [("moons", {}), ("blobs", {"l2": 0.01}), ("hills", {}), ("hills", {"l2": 0.1, "loss": "huber"}), ("diabetes", {})],
)
def test_the_loss_of_the_run_is_the_mean_of_those_of_its_rows(name: str, settings: dict[str, object]) -> None:
    kind = {"kind": "bundled", "name": name} if name == "diabetes" else {"name": name, "rows": 60}
    live = live_training(source=kind, settings={"hidden": [3], **settings})
    live.advance(epochs=2)
    samples = [sample_of(live, int(number) + 1) for number in live.rows.numbers["training"]]
    losses, gradients = [], []
    for sample in samples:
        y = sample.network.encode(sample.y[None])[0]
        losses.append(float(sample.network.loss_of_row(sample.params, sample.x, y)))
        gradients.append(cr.grad(sample.network.loss_of_row)(sample.params, sample.x, y))
    frame = json.loads(Frames(live, Limits()).frame({}))
    assert frame["scores"]["training"]["loss"] == pytest.approx(np.mean(losses), rel=1e-5)
    for key, gradient in live.gradients().items():
        np.testing.assert_allclose(np.mean([part[key] for part in gradients], axis=0), gradient, rtol=1e-9, atol=1e-12)


def test_the_weights_of_a_frame_are_those_of_the_sample() -> None:
    live = live_training(source={"name": "hills"}, settings={"hidden": [3]})
    live.advance(epochs=2)
    frame, sample = json.loads(Frames(live, Limits()).frame({})), sample_of(live, 1)
    assert sorted(part["name"] for part in frame["weights"]) == sorted(sample.params)
    for part in frame["weights"]:
        values = sample.params[part["name"]]
        np.testing.assert_allclose(np.reshape(part["values"], values.shape), values, rtol=1e-5)
    largest = [layer["weights"]["edges"][-1] for layer in frame["histograms"]]
    assert largest == pytest.approx([sample.params[name].max() for name in ("W1", "W2")], rel=1e-5)


def test_a_standardised_prediction_is_read_in_the_units_of_the_table() -> None:
    live = live_training(source={"kind": "bundled", "name": "diabetes"}, settings={"hidden": [3]})
    live.advance(epochs=2)
    assert live.target_scale is not None
    mean, deviation = live.target_scale
    X, y = live.rows.arrays("training")
    assert (mean, deviation) == pytest.approx((y.mean(), y.std()))
    standardised = live.network.predict(live.raw_params, X)
    np.testing.assert_allclose(standardised * deviation + mean, live.network.predict(live.params, X))
    np.testing.assert_allclose(live.scaled_targets(y) * deviation + mean, y)
    note = sample_of(live, 1).note
    assert note.endswith(
        f"y and ŷ are standardised as well: {in_table_units(mean, deviation)} is the prediction in the table"
    )
    assert sample_of(live_training(), 1).note.endswith("standard deviation above it")
