"""The training view as somebody uses it: things are found by their roles and names."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any


class TrainingView:
    """A tab in which the training view is open.

    Parameters
    ----------
    page : playwright.sync_api.Page
    """

    def __init__(self, page: Any) -> None:
        self.page = page
        self.plot = page.get_by_role("application")
        self.alert = page.get_by_role("alert").filter(has_text=re.compile(r"\S"))
        self.is_ready()

    @property
    def tab(self) -> str:
        """What the server calls this tab: it stands in the address at which the run was asked for."""
        addresses = self.page.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
        (tab,) = set(re.findall(r"/api/tabs/([^/\s]+)/run", "\n".join(addresses)))
        return tab

    def is_ready(self) -> None:
        """Wait until a run has been prepared and its first frame is there."""
        self.page.wait_for_function(
            "() => document.querySelector('[data-readout=training-loss]')?.textContent.match(/[0-9]/)"
        )

    @contextlib.contextmanager
    def another_run(self) -> Iterator[None]:
        """What is done in the block leads to another run: wait until it is there in place of the present one."""
        self.page.evaluate("document.querySelector('.tr-histograms').dataset.isOld = ''")
        yield
        self.page.locator(".tr-histograms:not([data-is-old])").wait_for(state="attached")
        self.is_ready()

    def choose_data(self, title: str) -> None:
        """Choose another table, and wait for its run."""
        with self.another_run():
            self.page.get_by_role("group", name="Data", exact=True).get_by_role("radio", name=title).check(force=True)

    def choose(self, label: str, option: str) -> None:
        """Choose something of the model or its training, and wait for the run with it."""
        with self.another_run():
            self.page.get_by_role("combobox", name=label, exact=True).select_option(option)

    def choose_speed(self, option: str) -> None:
        """Choose how fast the present run goes."""
        self.page.get_by_role("combobox", name="Speed", exact=True).select_option(option)

    def button(self, name: str) -> Any:
        return self.page.get_by_role("button", name=name, exact=True)

    def picture(self, name: str) -> Any:
        """A picture by the beginning of what it is called, which follows a run once in a second only."""
        return self.page.get_by_role("img", name=re.compile(f"^{name}"))

    def readout(self, name: str) -> float:
        """A number of the bar: epoch, step, training-loss, validation-score, … Percents are shares."""
        text = self.page.locator(f"[data-readout={name}]").inner_text().replace("−", "-").replace(",", "")
        text = text.replace("\N{NARROW NO-BREAK SPACE}", "").replace("\N{NO-BREAK SPACE}", "")
        return float(text.removesuffix("%")) / 100 if "%" in text else float(text)

    def wait_for_epoch(self, least: int) -> None:
        self.page.wait_for_function(
            "least => Number(document.querySelector('[data-readout=epoch]').textContent.replace(/\\D/g, '')) >= least",
            arg=least,
        )

    def wait_for(self, readout: str, expression: str) -> None:
        """Wait until an expression of a readout's number, `value`, holds; percents are shares."""
        self.page.wait_for_function(
            f"""() => {{
                const text = document.querySelector('[data-readout={readout}]').textContent;
                const number = Number(text.replace('−', '-').replace(/[^0-9.eE-]/g, ''));
                const value = text.includes('%') ? number / 100 : number;
                return {expression};
            }}"""
        )


def colours_of(view: TrainingView, canvas: str) -> int:
    """How many colours a canvas shows, roughly."""
    return view.page.locator(canvas).first.evaluate(
        """canvas => {
            const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            const found = new Set();
            for (let i = 0; i < data.length; i += 4) {
                if (data[i + 3]) found.add([data[i] >> 4, data[i + 1] >> 4, data[i + 2] >> 4].join());
            }
            return found.size;
        }"""
    )
