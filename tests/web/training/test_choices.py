"""What a request may choose, and what it hears when it cannot."""

from __future__ import annotations

from typing import Any

import pytest
from tests.web.training.browsing import MOONS
from tests.web.training.making import chosen

from chainrule.tables.bundled import BUNDLED
from chainrule.tables.generated import GENERATED
from chainrule.web.fields import Fields, Refused
from chainrule.web.limits import Limits
from chainrule.web.training.choices import choice_of, choices
from chainrule.web.training.uploads import Upload
from chainrule.workflow.program import BundledData, GeneratedData, UserData

CSV = b"size,city,sold\n" + b"1,Rome,yes\n2.5,Oslo,no\n3,Rome,yes\n4,Oslo,no\n" * 5


def test_all_tables_losses_and_optimisers_are_offered() -> None:
    found = choices(Limits())
    assert [table["id"] for table in found["datasets"]] == [*GENERATED, *BUNDLED]
    assert found["losses"]["binary"][0] == {"id": "cross_entropy", "title": "cross-entropy"}
    assert "lbfgs" not in [optimizer["id"] for optimizer in found["optimizers"]]


def test_the_defaults_can_be_chosen() -> None:
    found = choice_of(Fields(choices(Limits())["defaults"]), None, Limits())
    assert found.target == "label"


@pytest.mark.parametrize("optimizer", [entry["id"] for entry in choices(Limits())["optimizers"]])
def test_each_optimiser_has_a_rate_of_its_own(optimizer: str) -> None:
    fields = {"source": MOONS["source"], "settings": {"optimizer": optimizer}}
    found = choice_of(Fields(fields), None, Limits()).settings
    assert found.lr == {entry["id"]: entry["lr"] for entry in choices(Limits())["optimizers"]}[optimizer]


def test_settings_are_those_of_the_request() -> None:
    settings = chosen(
        settings={
            "hidden": [3, 4],
            "activation": "relu",
            "loss": "squared_error",
            "optimizer": "momentum",
            "lr": 0.5,
            "l2": 0.1,
            "batch_size": 7,
            "validation_split": 0.4,
            "seed": 9,
        }
    ).settings
    assert settings.hidden == (3, 4)
    assert (settings.model, settings.activation, settings.loss) == ("mlp", "relu", "squared_error")
    assert (settings.optimizer, settings.lr, settings.l2) == ("momentum", 0.5, 0.1)
    assert (settings.batch_size, settings.validation_split, settings.test_split, settings.seed) == (7, 0.4, 0.0, 9)


@pytest.mark.parametrize(("name", "model"), [("moons", "logistic"), ("blobs", "logistic"), ("plane", "linear")])
def test_a_logistic_model_of_numbers_is_a_linear_one(name: str, model: str) -> None:
    settings = chosen(source={"name": name}, settings={"model": "logistic"}).settings
    assert settings.model == model
    assert settings.hidden is None


def test_noise_rows_and_seed_make_the_table() -> None:
    found = chosen(source={"rows": 30, "noise": 0.3, "seed": 5})
    assert found.data == GeneratedData("moons", 30, 0.3, 5)
    assert found.source.rows == 30


@pytest.mark.parametrize("name", list(BUNDLED))
def test_bundled_tables(name: str) -> None:
    found = choice_of(Fields({"source": {"kind": "bundled", "name": name}}), None, Limits())
    assert found.data == BundledData(name)
    assert found.target == BUNDLED[name].target


def test_an_upload_with_its_target_and_types() -> None:
    upload = Upload.read(CSV, "sold.csv", Limits())
    fields = {"source": {"kind": "upload", "target": "sold", "types": {"city": "ignored"}}}
    found = choice_of(Fields(fields), upload, Limits())
    assert (found.target, found.title, found.data) == ("sold", "sold.csv", UserData("sold.csv"))
    assert found.settings.types == {"city": "ignored"}


@pytest.mark.parametrize(
    ("source", "settings", "status", "name"),
    [
        ({"kind": "file", "name": "/etc/passwd"}, {}, 400, "kind"),
        ({"name": "moon"}, {}, 400, "name"),
        ({"kind": "bundled", "name": "moons", "rows": None}, {}, 400, "rows"),
        ({"rows": 10**9}, {}, 400, "rows"),
        ({"noise": -1}, {}, 400, "noise"),
        ({"seed": 2**40}, {}, 400, "seed"),
        ({"path": "x"}, {}, 400, "path"),
        ({"kind": "upload"}, {}, 400, None),
        ({}, {"hidden": [1] * 50}, 400, "hidden"),
        ({}, {"hidden": [10**6]}, 400, "hidden[0]"),
        ({}, {"hidden": "8"}, 400, "hidden"),
        ({}, {"lr": 0}, 400, "lr"),
        ({}, {"lr": "auto"}, 400, "lr"),
        ({}, {"l2": -1}, 400, "l2"),
        ({}, {"batch_size": 0}, 400, "batch_size"),
        ({}, {"validation_split": 1}, 400, "validation_split"),
        ({}, {"loss": "huber"}, 400, "loss"),
        ({}, {"optimizer": "lbfgs"}, 400, "optimizer"),
        ({}, {"activation": "swish"}, 400, "activation"),
        ({}, {"epochs": 10}, 400, "epochs"),
    ],
)
def test_what_cannot_be_chosen_is_named(
    source: dict[str, Any], settings: dict[str, Any], status: int, name: str | None
) -> None:
    fields = {"source": {**MOONS["source"], **source}, "settings": {**MOONS["settings"], **settings}}
    with pytest.raises(Refused) as refused:
        choice_of(Fields(fields), None, Limits())
    assert refused.value.status == status
    if name is not None:
        assert refused.value.name == name


def test_without_an_upload_there_is_none_to_choose() -> None:
    fields = {"source": {"kind": "upload", "target": "sold"}}
    with pytest.raises(Refused) as refused:
        choice_of(Fields(fields), None, Limits())
    assert refused.value.status == 409
