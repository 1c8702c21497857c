"""The training view from end to end: a tab, a run, its frames."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from tests.web.serving import Served
from tests.web.training.browsing import browsing


def test_choices(page: Served) -> None:
    found = page.get("/api/training").json
    assert {"xor", "moons", "circles", "spirals", "blobs", "plane", "hills", "iris", "digits"} <= {
        table["id"] for table in found["datasets"]
    }
    assert next(loss["id"] for loss in found["losses"]["regression"]) == "squared_error"
    assert found["limits"]["hidden_layers"] >= 4


def test_moons_are_learnt(page: Served) -> None:
    with browsing(page) as tab:
        described = tab.run()
        assert described["classes"] == ["A", "B"]
        assert [layer["shape"] for layer in described["layers"]] == [[2, 8], [8, 8], [8, 1]]
        assert described["parameters"] == 2 * 8 + 8 + 8 * 8 + 8 + 8 + 1
        first = tab.frame()
        assert (first["epoch"], first["is_running"], first["run"]) == (0, False, 1)
        assert first["curves"]["epoch"] == []
        tab.post("control", action="play", speed=None)
        last = tab.frame(lambda frame: frame["epoch"] >= 300)
        paused = tab.post("control", action="pause").json
        assert not paused["is_running"]
        shown = tab.frame(lambda frame: not frame["is_running"])
        assert (shown["epoch"], shown["step"]) == (paused["epoch"], paused["step"])
    assert last["scores"]["validation"]["accuracy"] >= 0.99
    assert last["curves"]["epoch"][0] == 1
    assert last["curves"]["training"][0] > last["curves"]["training"][-1]
    surface = last["surface"]
    data = np.frombuffer(base64.b64decode(surface["data"]), np.uint8).reshape(surface["size"])
    assert data.min() < 20
    assert data.max() > 235
    assert sum(map(sum, last["confusion"]["counts"])) == described["rows"]["validation"]
    assert [len(layer) for layer in last["units"]["layers"]] == [8, 8]


def test_steps_epochs_and_reset(page: Served) -> None:
    with browsing(page) as tab:
        per_epoch = tab.run()["steps_per_epoch"]
        weights = tab.frame()["weights"]
        assert tab.post("control", action="step").json == {"is_running": False, "epoch": 0, "step": 1}
        assert tab.frame(lambda frame: frame["step"] == 1)["weights"] != weights
        assert tab.post("control", action="epoch").json == {"is_running": False, "epoch": 1, "step": 0}
        for _ in range(per_epoch):
            state = tab.post("control", action="step").json
        assert (state["epoch"], state["step"]) == (2, 0)
        assert tab.post("control", action="reset").json == {"is_running": False, "epoch": 0, "step": 0}
        assert tab.frame(lambda frame: frame["epoch"] == frame["step"] == 0)["weights"] == weights


@pytest.mark.parametrize(
    ("name", "kind"), [("xor", "binary"), ("circles", "binary"), ("spirals", "binary"), ("blobs", "classes")]
)
def test_classes_have_surfaces(page: Served, name: str, kind: str) -> None:
    with browsing(page) as tab:
        described = tab.run(source={"name": name})
        surface = tab.frame()["surface"]
        assert surface["kind"] == kind
        if kind == "classes":
            codes = np.frombuffer(base64.b64decode(surface["class"]), np.uint8)
            assert set(codes) <= set(range(len(described["classes"])))


@pytest.mark.parametrize("name", ["plane", "hills"])
def test_numbers_have_surfaces(page: Served, name: str) -> None:
    with browsing(page) as tab:
        described = tab.run(source={"name": name})
        assert described["task"] == "regression"
        low, high = described["target_range"]
        assert low < high
        frame = tab.frame()
        assert frame["surface"]["kind"] == "number"
        assert frame["surface"]["low"] < frame["surface"]["high"]
        assert frame["confusion"] is None
        assert frame["curves"]["accuracy"] is None
        assert "r2" in frame["scores"]["training"]
