"""The widget of a notebook, without a notebook: what it sends, and what becomes of a step."""

from __future__ import annotations

import re
import sys

import pytest

import chainrule as cr
from chainrule.errors import MissingPackageError
from chainrule.explain.faces.widget import LessonWidget
from chainrule.explain.lesson import Lesson
from chainrule.explain.page.fragment import lesson_fragment


@pytest.fixture
def widget(neuron: Lesson) -> LessonWidget:
    return neuron.to_widget()


def test_it_holds_the_fragment_with_ids_of_its_own(widget: LessonWidget, neuron: Lesson) -> None:
    prefix = re.findall(r'id="(cr-[0-9a-f]{8}-)title"', widget.html)
    assert len(prefix) == 1
    assert widget.html == lesson_fragment(neuron, prefix=prefix[0])


def test_html_and_step_are_shared_with_the_browser(widget: LessonWidget) -> None:
    state = widget.get_state()
    assert {"html", "step", "_esm", "_css"} <= set(state)
    assert state["step"] == 0


def test_script_and_styles_are_those_of_the_page(widget: LessonWidget) -> None:
    esm, css = widget.get_state()["_esm"], widget.get_state()["_css"]
    assert "export function mount(root" in esm
    assert esm.rstrip().endswith("export default { render };")
    assert "import " not in re.sub(r"//.*|/\*.*?\*/", "", esm, flags=re.DOTALL)
    assert ":root" not in css
    assert ".lesson {" in css


@pytest.mark.parametrize("step", [-3, 0, 4, 10**6])
def test_a_step_stays_within_the_lesson(widget: LessonWidget, neuron: Lesson, step: int) -> None:
    total = len(neuron.forward) + len(neuron.backward)
    seen = []
    widget.observe(lambda change: seen.append(change["new"]), "step")
    widget.step = 1
    widget.step = step
    assert widget.step == min(max(step, 0), total)
    assert seen == [1, widget.step]


def test_another_lesson_takes_its_place_at_the_same_step(widget: LessonWidget) -> None:
    widget.step = 5
    longer = cr.explain(lambda x, y: (x + y) * x * y, 1.0, 2.0, level="operation")
    widget.show(longer)
    assert widget.lesson is longer
    assert widget.step == 5
    assert f'data-forward="{len(longer.forward)}"' in widget.html
    shorter = cr.explain(lambda x: 2.0 * x, 1.0)
    widget.show(shorter)
    assert widget.step == len(shorter.forward) + len(shorter.backward) == 3


def test_without_anywidget_it_says_what_to_install(neuron: Lesson, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.delitem(sys.modules, "chainrule.explain.faces.widget")
    with pytest.raises(MissingPackageError, match="shown by anywidget") as caught:
        neuron.to_widget()
    assert caught.value.fix == "pip install 'chainrule[notebook]'"
