"""What is slow only the first time, done before somebody waits for it: imports, tables of fonts, the compiler.

The first lesson is computed before the page is open, as it takes a moment only. What training needs takes longer, and
would slow down the first look at the page, which comes right after; so it waits for that to be over.
"""

from __future__ import annotations

import threading

from chainrule.web.fields import Fields
from chainrule.web.formula.lessons import lesson_payload
from chainrule.web.formula.presets import PRESETS
from chainrule.web.formula.statements import read_typed
from chainrule.web.limits import Limits
from chainrule.web.training.choices import choice_of, choices
from chainrule.workflow.live import LiveTraining

__all__ = ["warm_lessons", "warm_training_later"]

_PAUSE = 2.0  # seconds


def warm_lessons(limits: Limits) -> None:
    """Compute the first example.

    Parameters
    ----------
    limits : Limits
    """
    preset = PRESETS[0]
    lesson_payload(read_typed(Fields({"statements": preset.statements, "values": preset.values}), limits), "statement")


def warm_training_later(limits: Limits) -> threading.Timer:
    """Train for one update, a little later and in a thread of its own.

    Parameters
    ----------
    limits : Limits

    Returns
    -------
    threading.Timer
        To be cancelled where the page ends before.
    """
    timer = threading.Timer(_PAUSE, _warm_training, (limits,))
    timer.daemon = True
    timer.start()
    return timer


def _warm_training(limits: Limits) -> None:
    choice = choice_of(Fields(choices(limits)["defaults"]), None, limits)
    live = LiveTraining(choice.source, choice.target, choice.settings)
    live.advance(steps=1)
    live.close()
