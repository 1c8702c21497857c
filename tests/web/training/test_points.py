"""Points and planes are in the units of the table."""

from __future__ import annotations

import io

import numpy as np
import pytest

from chainrule.learn.models.architecture import Architecture
from chainrule.learn.models.network import Network
from chainrule.tables.bundled import bundled_table
from chainrule.tables.sources import open_table
from chainrule.web.training.points import Points
from chainrule.workflow.rows import DividedRows, divided, typed_table
from chainrule.workflow.settings import TrainingSettings

RNG = np.random.default_rng(0)
TABLE = {
    "size": 50 + 10 * RNG.normal(size=40),
    "city": [("Rome", "Oslo", "Bern")[i % 3 * (i % 2)] for i in range(40)],
    "age": RNG.integers(1, 90, 40).astype(float),
    "price": 1e5 + 1e4 * RNG.normal(size=40),
}


def rows_of(table: dict[str, object], target: str = "price", **settings: object) -> DividedRows:
    given = TrainingSettings(test_split=0.0, validation_split=0.25, **settings)  # type: ignore[arg-type]
    return divided(typed_table(open_table(table), target, given), given)


def test_points_are_the_rows_of_the_table() -> None:
    points = Points(rows_of(TABLE), most=1000)
    assert points.first_axes == (0, 5)
    drawn = points.drawn(points.first_axes)
    assert drawn is not None
    assert sorted(drawn["rows"]) == list(range(1, 41))
    assert drawn["part"] == [0] * 30 + [1] * 10
    for number, x, y, target in zip(drawn["rows"], drawn["x"], drawn["y"], drawn["target"], strict=True):
        assert x == pytest.approx(TABLE["size"][number - 1], rel=1e-5)
        assert y == pytest.approx(TABLE["age"][number - 1], rel=1e-5)
        assert target == pytest.approx(TABLE["price"][number - 1], rel=1e-5)
    assert points.target_range == [
        pytest.approx(min(TABLE["price"]), rel=1e-5),
        pytest.approx(max(TABLE["price"]), rel=1e-5),
    ]


def test_of_many_rows_some_are_drawn_evenly_over_both_parts() -> None:
    points = Points(rows_of(TABLE), most=20)
    drawn = points.drawn((0, 1))
    assert drawn is not None
    assert len(drawn["rows"]) == 20
    assert sum(drawn["part"]) == 5


def test_a_plane_holds_all_points_and_typical_values_of_the_rest() -> None:
    points = Points(rows_of(TABLE), most=1000)
    plane = points.plane((0, 5))
    drawn = points.drawn((0, 5))
    assert drawn is not None
    assert plane.x[0] < min(drawn["x"]) < max(drawn["x"]) < plane.x[1]
    assert plane.y[0] < min(drawn["y"]) < max(drawn["y"]) < plane.y[1]
    cities = {name: value for name, value in zip(points.names, plane.typical, strict=True) if name.startswith("city")}
    assert cities == {"city=Bern": 0.0, "city=Oslo": 0.0, "city=Rome": 1.0, "city unknown": 0.0}


def test_the_grid_begins_at_the_top_left() -> None:
    points = Points(rows_of(TABLE), most=1000)
    plane = points.plane((0, 5))
    X = plane.grid(4, 3)
    assert X.shape == (12, len(points.names))
    means, deviations = points.preprocessing.units
    x, y = (X[:, axis] * deviations[axis] + means[axis] for axis in (0, 5))
    width, height = plane.x[1] - plane.x[0], plane.y[1] - plane.y[0]
    np.testing.assert_allclose(x[:3], plane.x[0] + width * (np.arange(3) + 0.5) / 3)
    np.testing.assert_allclose(y[::3], plane.y[1] - height * (np.arange(4) + 0.5) / 4)
    assert (X[:, 1:5] == plane.typical[1:5]).all()


def test_columns_that_no_row_has_are_no_axes() -> None:
    points = Points(rows_of(TABLE), most=10)
    assert [choice["name"] for choice in points.choices] == ["size", "city=Bern", "city=Oslo", "city=Rome", "age"]
    assert [choice["index"] for choice in points.choices] == [0, 1, 2, 3, 5]


def test_categories_alone_span_a_plane_too() -> None:
    points = Points(rows_of({"city": TABLE["city"], "price": TABLE["price"]}), most=10)
    assert points.first_axes == (0, 1)
    assert points.plane((0, 1)).x == (pytest.approx(-0.08), pytest.approx(1.08))


@pytest.mark.parametrize(
    ("name", "axes"),
    [
        ("iris", ["petal length (cm)", "petal width (cm)"]),
        ("wine", ["flavanoids", "proline"]),
        ("breast_cancer", ["mean concave points", "worst concave points"]),
        ("diabetes", ["bmi", "s5"]),
    ],
)
def test_the_first_plane_is_that_of_the_numbers_that_say_most(name: str, axes: list[str]) -> None:
    table, target = bundled_table(name)
    points = Points(rows_of(table, target), most=10)
    assert points.first_axes is not None
    assert [points.names[axis] for axis in points.first_axes] == axes


def test_of_many_rows_enough_tell_what_says_most() -> None:
    rng = np.random.default_rng(0)
    table = {name: rng.normal(size=20_000) for name in "abcd"}
    points = Points(rows_of({**table, "y": table["d"] - table["b"] + 0.1 * table["a"]}, "y"), most=10)
    assert points.first_axes == (1, 3)


def test_a_column_that_tells_classes_apart_says_most() -> None:
    label = ["yes" if i % 3 else "no" for i in range(40)]
    told = [0.25 + 2 * (i % 3 > 0) for i in range(40)]
    noise = RNG.normal(size=(2, 40))
    points = Points(rows_of({"a": noise[0], "b": noise[1], "told": told, "label": label}, "label"), most=10)
    assert points.first_axes is not None
    assert "told" in [points.names[axis] for axis in points.first_axes], points.names


def test_targets_that_are_all_the_same_say_nothing() -> None:
    table = {name: RNG.normal(size=40) for name in "abc"}
    points = Points(rows_of({**table, "y": np.full(40, 2.5)}, "y"), most=10)
    assert points.first_axes == (0, 1)


def test_one_feature_spans_no_plane() -> None:
    points = Points(rows_of({"size": TABLE["size"], "price": TABLE["price"]}), most=10)
    assert points.first_axes is None
    assert points.drawn(None) is None


def test_a_linear_surface_is_the_line_in_table_units() -> None:
    points = Points(rows_of(TABLE), most=10)
    plane = points.plane((0, 5))
    network = Network(Architecture("regression", inputs=len(points.names)))
    W = np.zeros(len(points.names))
    W[0] = points.preprocessing.units[1][0]  # one unit of the table
    values = network.predict({"W1": W, "b1": np.array(points.preprocessing.units[0][0])}, plane.grid(2, 2))
    width = plane.x[1] - plane.x[0]
    np.testing.assert_allclose(values, [plane.x[0] + width / 4, plane.x[0] + 3 * width / 4] * 2)


def test_text_tables_work_as_well() -> None:
    text = "a,b,y\n" + "".join(f"{i / 7},{i % 4},{i * 2.5}\n" for i in range(30))
    given = TrainingSettings(test_split=0.0, validation_split=0.0)
    points = Points(divided(typed_table(io.StringIO(text), "y", given), given), most=10)
    drawn = points.drawn(points.first_axes)
    assert drawn is not None
    assert set(drawn["part"]) == {0}


def test_dates_are_told_and_keep_their_time_of_day() -> None:
    table = {
        "when": [f"2020-08-{1 + i % 28:02} 21:{i:02}" for i in range(40)],
        "size": TABLE["size"],
        "y": TABLE["price"],
    }
    points = Points(rows_of(table, "y"), most=1000)
    named = {choice["name"]: choice for choice in points.choices}
    assert named["when"]["is_date"]
    assert not named["size"]["is_date"]
    assert not named["when hour" if "when hour" in named else "when weekday"]["is_date"]
    drawn = points.drawn((named["when"]["index"], named["size"]["index"]))
    assert drawn is not None
    for row, x in zip(drawn["rows"], drawn["x"], strict=True):
        moment = np.datetime64("1970-01-01T00:00") + np.timedelta64(round(x * 1440), "m")
        assert str(moment) == table["when"][row - 1].replace(" ", "T")
