"""The training view as somebody uses it: things are found by their roles and names."""

from __future__ import annotations

import re
from typing import Any


class TrainingView:
    """A tab in which the training view is open.

    Parameters
    ----------
    page : playwright.sync_api.Page
    """

    def __init__(self, page: Any) -> None:
        self.page = page
        self.tabs: list[str] = []
        page.on("request", self._note)
        self.plot = page.get_by_role("application")
        self.alert = page.get_by_role("alert").filter(has_text=re.compile(r"\S"))
        self.is_ready()

    def _note(self, request: Any) -> None:
        found = re.search(r"/api/tabs/([^/]+)/events", request.url)
        if found:
            self.tabs.append(found[1])

    def is_ready(self) -> None:
        """Wait until a run has been prepared and its first frame is there."""
        self.page.wait_for_function(
            "() => document.querySelector('[data-readout=training-loss]')?.textContent.match(/[0-9]/)"
        )

    def choose_data(self, title: str) -> None:
        self.page.get_by_role("group", name="Data", exact=True).get_by_role("radio", name=title).check(force=True)

    def choose(self, label: str, option: str) -> None:
        self.page.get_by_role("combobox", name=label, exact=True).select_option(option)

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
            timeout=60_000,
        )

    def wait_for(self, readout: str, expression: str) -> None:
        """Wait until an expression of a readout's number, `value`, holds; percents are shares."""
        self.page.wait_for_function(
            f"""() => {{
                const text = document.querySelector('[data-readout={readout}]').textContent;
                const number = Number(text.replace('−', '-').replace(/[^0-9.eE-]/g, ''));
                const value = text.includes('%') ? number / 100 : number;
                return {expression};
            }}""",
            timeout=60_000,
        )
