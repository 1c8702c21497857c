"""The training view from end to end: a tab, a run, its frames."""

from __future__ import annotations

import base64
import dataclasses
import threading
from typing import Any

import numpy as np
import pytest
from tests.web.serving import Served, served
from tests.web.training.browsing import Browsing, browsing
from tests.web.training.making import chosen, loaded

from chainrule.web.limits import Limits
from chainrule.workflow.training import train_table


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
        for curve in (first["curves"], first["curves"]["accuracy"]):
            assert curve["epoch"] == [0], "curves begin before the first step"
        for part in ("training", "validation"):
            assert first["curves"][part] == [first["scores"][part]["loss"]]
        tab.post("control", action="play", speed=None)
        last = tab.frame(lambda frame: frame["epoch"] >= 300)
        paused = tab.post("control", action="pause").json
        assert not paused["is_running"]
        shown = tab.frame(lambda frame: not frame["is_running"])
        assert (shown["epoch"], shown["step"]) == (paused["epoch"], paused["step"])
    assert last["scores"]["validation"]["accuracy"] >= 0.99
    assert last["curves"]["epoch"][0] == last["curves"]["accuracy"]["epoch"][0] == 0
    assert [last["curves"][part][0] for part in ("training", "validation")] == [
        first["scores"][part]["loss"] for part in ("training", "validation")
    ]
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
        assert tab.post("control", action="step").json.keys() == {"is_running", "epoch", "step"}
        stepped = tab.frame(lambda frame: frame["step"] == 1)
        assert stepped["weights"] != weights
        assert not stepped["is_running"]
        tab.post("control", action="epoch")
        assert tab.frame(lambda frame: frame["epoch"] == 1)["step"] == 0
        for _ in range(per_epoch):
            tab.post("control", action="step")
        tab.frame(lambda frame: (frame["epoch"], frame["step"], frame["is_running"]) == (2, 0, False))
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
        assert frame["curves"]["r2"]["training"][-1] == frame["scores"]["training"]["r2"]
        assert "r2" in frame["scores"]["training"]


def test_two_tabs_train_side_by_side_and_each_as_if_it_were_alone(page: Served) -> None:
    seeds = (0, 1)
    with browsing(page) as first, browsing(page) as second:
        for tab, seed in zip((first, second), seeds, strict=True):
            tab.run(source={"seed": seed}, settings={"seed": seed})
        for tab in (first, second):
            tab.post("control", action="play")
        found = []
        for tab in (first, second):
            tab.frame(lambda frame: frame["epoch"] >= 20)
            end = tab.post("control", action="pause").json["epoch"] + 1
            tab.post("control", action="epoch")
            tab.frame(lambda frame, end=end: (frame["epoch"], frame["step"]) == (end, 0))  # type: ignore[misc]
            found.append(tab.get("model"))
    for seed, answer in zip(seeds, found, strict=True):
        model = loaded(answer.body)
        choice = chosen(source={"seed": seed}, settings={"seed": seed})
        settings = dataclasses.replace(choice.settings, epochs=model.record["epochs"])
        alone = train_table(choice.source, choice.target, settings).model
        assert model.record["epochs"] >= 20
        for name, value in alone.params.items():
            np.testing.assert_array_equal(model.params[name], value)


def test_a_run_that_diverges_stops_and_says_where_and_why(page: Served) -> None:
    with browsing(page) as tab:
        tab.run(source={"name": "hills"}, settings={"optimizer": "sgd", "lr": 1e5, "activation": "relu"})
        tab.post("control", action="play")
        stopped = tab.frame(lambda frame: frame["stopped"] is not None)
        assert not stopped["is_running"]
        said = stopped["stopped"]
        assert said["reason"] == "diverged"
        assert said["message"].startswith("the loss became")
        assert "(ŷ − y)²" in said["node"]
        assert said["formula"].startswith(f'<math alttext="{said["node"]}"')
        assert "<script" not in said["formula"]
        assert "overflow" in said["why"]
        assert said["lr"] == 0.1
        assert said["fix"] == "try a learning rate of 0.1"
        assert not tab.post("control", action="play").json["is_running"]
        tab.post("control", action="reset")
        assert tab.frame(lambda frame: frame["stopped"] is None)["epoch"] == 0


def test_closing_the_stream_stops_the_run_and_drops_the_tab() -> None:
    with served(Limits(grace_seconds=2)) as page:
        tab = Browsing(page)
        tab.run()
        tab.post("control", action="play")
        tab.frame(lambda frame: frame["epoch"] > 0)
        tab.leave()
        listening = threading.Event()
        while tab.get("code").status != 404:
            listening.wait(0.02)


def test_a_page_that_is_loaded_again_finds_its_run(page: Served) -> None:
    with browsing(page) as tab:
        tab.run()
        tab.post("control", action="epoch")
        tab.frame(lambda frame: frame["epoch"] == 1)
        tab.leave()
        tab.listen()
        assert tab.frame()["epoch"] == 1


def test_looking_elsewhere_changes_points_and_frames(page: Served) -> None:
    with browsing(page) as tab:
        described = page.post(f"{tab.path}/run", {"source": {"kind": "bundled", "name": "wine"}}).json
        assert len(described["features"]) == 13
        looked = tab.post("look", axes=[12, 2], shows=["surface"]).json
        assert looked["axes"] == [12, 2]
        assert looked["points"]["x"] != described["points"]["x"]
        frame = tab.frame(lambda frame: frame["surface"]["axes"] == [12, 2])
        assert frame["units"] is frame["histograms"] is frame["confusion"] is None
        assert tab.post("look", axes=[1, 1]).status == 422
        assert tab.post("look", axes=[0, 13]).status == 422
        assert tab.post("look", shows=["all"]).status == 422


def test_without_validation_rows_training_rows_are_shown(page: Served) -> None:
    with browsing(page) as tab:
        described = tab.run(settings={"validation_split": 0})
        assert described["rows"] == {"training": 200, "validation": 0}
        tab.post("control", action="epoch")
        frame = tab.frame(lambda frame: frame["epoch"] == 1)
        assert frame["curves"]["validation"] is None
        assert frame["curves"]["accuracy"]["validation"] is None
        assert list(frame["scores"]) == ["training"]
        assert frame["confusion"]["part"] == "training"


# Bounds ---------------------------------------------------------------------------------------------------------------


def test_networks_and_tabs_have_bounds() -> None:
    with served(Limits(parameters=100, tabs=1, streams=1)) as page, browsing(page) as tab:
        answer = page.post(f"{tab.path}/run", {"source": {"kind": "bundled", "name": "digits"}})
        assert answer.status == 413
        assert answer.error["what"].endswith("numbers, and this page trains at most 100")
        assert answer.error["name"] == "hidden"
        assert page.post("/api/tabs").status == 429
        assert tab.get("events").status == 429


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("control", {"action": "fly"}, 400),
        ("control", {"action": "play", "speed": 0}, 400),
        ("control", {"action": "play", "speed": 1e9}, 400),
        ("control", {}, 400),
        ("look", {"axes": [1, 2, 3]}, 400),
        ("look", {"axes": "xy"}, 400),
        ("run", {}, 400),
        ("schema", {"types": {"a": 1}}, 400),
        ("sample", {"row": 0}, 400),
        ("sample", {"row": 5000}, 422),
    ],
)
def test_what_cannot_be_done_is_refused(page: Served, path: str, fields: dict[str, Any], status: int) -> None:
    with browsing(page) as tab:
        tab.run()
        answer = tab.post(path, **fields)
        assert answer.status == status
        assert answer.error["what"]


@pytest.mark.parametrize("path", ["control", "look", "sample", "run", "schema"])
def test_tabs_that_are_not_known(page: Served, path: str) -> None:
    assert page.post(f"/api/tabs/{'0' * 32}/{path}", {"action": "play", "row": 1}).status == 404


@pytest.mark.parametrize("path", ["events", "model", "report", "code"])
def test_nothing_to_be_had_of_a_tab_without_run(page: Served, path: str) -> None:
    assert page.get(f"/api/tabs/nobody/{path}").status == 404
    if path != "events":
        with browsing(page) as tab:
            assert tab.get(path).status == 409


def test_columns_that_are_left_out_are_told(page: Served) -> None:
    with browsing(page) as tab:
        source = {"kind": "bundled", "name": "digits"}
        digits = page.post(f"{tab.path}/run", {"source": source, "settings": {"hidden": [4]}}).json
        assert len(digits["features"]) + len(digits["left_out"]["constant"]) == 64
        assert "pixel_0_0" in digits["left_out"]["constant"]
        assert digits["left_out"]["other"] == []
        assert tab.run()["left_out"] == {"constant": [], "other": []}
