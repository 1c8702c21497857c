"""The formula view as somebody uses it: things are found by their roles and names."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

#: What a step says of itself: ``Backward step 2 of 9: ∂L/∂ŷ = …``
_SAID = re.compile(r"(?P<phase>Forward|Backward) step (?P<number>\d+) of (?P<of>\d+): (?P<rest>.*)", re.DOTALL)


@dataclass(frozen=True)
class Step:
    """The step that the page shows: forward or backward, the name of its value, and the number as it is printed."""

    phase: str
    name: str
    number: str


class FormulaView:
    """A tab in which the formula view is open.

    Parameters
    ----------
    page : playwright.sync_api.Page
    """

    def __init__(self, page: Any) -> None:
        self.page = page
        self.statements = page.get_by_role("textbox", name="Formula", exact=True)
        self.player = page.get_by_role("group", name="Steps of the lesson")
        self.outcome = page.locator(".outcome")
        self.lesson = page.get_by_role("region", name="Lesson")
        self.lesson.locator("[data-step]").first.wait_for()

    @property
    def examples(self) -> dict[str, str]:
        """Titles of the examples, by what an address calls them."""
        options = self.page.get_by_role("combobox", name="Example").locator("option:not([value=''])").all()
        return {option.get_attribute("value"): option.inner_text() for option in options}

    @contextlib.contextmanager
    def another_lesson(self) -> Iterator[None]:
        """What is done in the block leads to another lesson: wait until it is there in place of the present one."""
        self.page.evaluate("document.querySelector('.lesson').dataset.isOld = ''")
        yield
        self.page.locator(".lesson:not([data-is-old])").wait_for()

    def choose_example(self, name: str) -> None:
        """Choose an example by its name in addresses, and wait for its lesson."""
        with self.another_lesson():
            self.page.get_by_role("combobox", name="Example").select_option(name)

    def choose_level(self, name: str) -> None:
        """Choose *Statements* or *Operations*, also while the page scrolls to a step."""
        self.page.get_by_role("radio", name=name).dispatch_event("click")

    @property
    def step(self) -> int:
        """What slider, counter and text agree on; 0 where all steps are shown."""
        current = self.lesson.locator("[data-step][aria-current=step]")
        step = int(current.get_attribute("data-step")) if current.count() else 0
        assert int(self.player.get_by_role("slider").input_value()) == step
        assert self.player.locator(".count").inner_text().startswith(f"{step} / ")
        return step

    @property
    def total(self) -> int:
        return int(self.player.get_by_role("slider").get_attribute("max"))

    def told(self) -> Step:
        """The present step: what is read out of it, and the number that stands in its line."""
        said = _SAID.match(self.player.locator("[aria-live]").inner_text())
        assert said is not None
        name = said["rest"].partition(" = ")[0]
        line = self.lesson.locator("[data-step][aria-current=step] .line").first
        number = line.locator(".number").last.inner_text()
        return Step(said["phase"].lower(), re.sub(r"^∂\S+?/∂", "", name), number)

    def set_value(self, name: str, text: str) -> None:
        self.page.get_by_role("textbox", name=name, exact=True).fill(text)

    def row(self, name: str) -> Any:
        """The row of a value."""
        return self.page.locator(f".value-row[data-name='{name}']")

    def shape_of(self, name: str) -> Any:
        """The shape that stands beside an array, which is a button."""
        return self.row(name).locator(".shape")

    def leave_fields(self) -> None:
        """Put the focus where keys step: beside all fields."""
        self.page.get_by_role("main").focus()

    def shows_loss(self, text: str) -> None:
        """Wait until the outcome is this."""
        self.page.wait_for_function(
            "text => document.querySelector('.outcome').textContent.replace(/\\s+/g, ' ').includes(text)", arg=text
        )

    def shows_step(self, step: int) -> None:
        """Wait until the lesson stands at this step."""
        self.page.wait_for_function(
            "step => document.querySelector('.lesson .player input')?.value === String(step)", arg=step
        )
