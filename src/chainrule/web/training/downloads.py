"""What can be taken away from a run: the model file, the program, and the header that lets a browser save them."""

from __future__ import annotations

import re

from chainrule.web.limits import Limits
from chainrule.web.training.runs import Run
from chainrule.workflow.program import program_of

__all__ = ["attachment", "model_file", "program_file"]


def attachment(title: str, ending: str) -> dict[str, str]:
    """The header that lets a browser save a file.

    Parameters
    ----------
    title : str
        Of the table.
    ending : str
        With its dot.

    Examples
    --------
    >>> attachment("Two moons", ".html")
    {'content-disposition': 'attachment; filename="two_moons.html"'}
    """
    name = re.sub(r"[^a-z0-9]+", "_", re.sub(r"\.[a-z]{2,7}$", "", title.lower())).strip("_")[:60] or "table"
    return {"content-disposition": f'attachment; filename="{name}{ending}"'}


def model_file(run: Run, limits: Limits) -> bytes:
    """The present model; with the scores of all rows, unless they would take long.

    Parameters
    ----------
    run : Run
    limits : Limits
    """
    live = run.live
    numbers = sum(map(len, live.rows.numbers.values())) * len(live.feature_names)
    return (live.trained().model if numbers <= limits.recorded_numbers else live.model).to_bytes()


def program_file(run: Run) -> bytes:
    """The program that trains as the run did, to the end of the last epoch that is finished.

    Parameters
    ----------
    run : Run
    """
    epoch, choice = run.live.epoch, run.choice
    note = ""
    if epoch == 0:
        note = "# No epoch was finished yet: this is the program for the first one.\n"
    elif run.live.step:
        note = f"# Epoch {epoch + 1:,} had begun: this is the program for the {epoch:,} before it.\n"
    return (note + program_of(choice.data, choice.target, choice.settings, max(epoch, 1))).encode()
