"""What the page shows of a run at one moment: curves, scores, surfaces, weights, histograms."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.evaluation.gradient_flow import dead_layers
from chainrule.evaluation.quick import QuickScore, quick_score
from chainrule.evaluation.report.facts import leaf_names
from chainrule.web.fields import Refused
from chainrule.web.limits import Limits
from chainrule.web.training.curves import Curve
from chainrule.web.training.histograms import histograms, shown_weights
from chainrule.web.training.norms import Norms
from chainrule.web.training.numbers import rounded_or_none
from chainrule.web.training.points import Points
from chainrule.web.training.surfaces import surface, unit_surfaces
from chainrule.web.training.texts import short
from chainrule.workflow.live import LiveTraining

__all__ = ["SHOWS", "Frames"]

Array = np.ndarray[Any, Any]

#: Parts of a frame that are made where the page asks for them.
SHOWS = ("surface", "units", "histograms", "confusion")
_PARTS = ("training", "validation")


class Frames:
    """Makes the frames of one run, and keeps what they have in common: what is looked at, and the curves so far.

    Parameters
    ----------
    live : LiveTraining
    limits : Limits

    Attributes
    ----------
    points : Points
    axes : tuple of int or None
        The two features that span the plane; None where there is one feature only.
    shows : collection of str
        Some of `SHOWS`.
    """

    def __init__(self, live: LiveTraining, limits: Limits) -> None:
        self._live, self._limits = live, limits
        self.points = Points(live.rows, limits.drawn_points)
        self.axes = self.points.first_axes
        self.shows: Collection[str] = SHOWS
        self._parts = {name: self._sample(*live.rows.arrays(name)) for name in _PARTS if name in live.rows.tables}
        self.forget()

    def _sample(self, X: Array, y: Array) -> tuple[Array, Array]:
        """Rows that are scored in each frame, evenly over all."""
        every = -(-len(X) // self._limits.scored_rows)
        return X[::every], y[::every]

    def forget(self) -> None:
        """The run begins anew: its curves begin with the losses before the first step."""
        self._losses = Curve(*_PARTS, most=self._limits.curve_points)
        first = {name: self._live.loss(*part) for name, part in self._parts.items()}
        self._losses.add(0, *map(first.get, _PARTS))
        self._score_curve = Curve(*_PARTS, most=self._limits.curve_points)
        self._norms = Norms(leaf_names(self._live.raw_params))
        self._epochs = 0

    def frame(self, state: Mapping[str, Any]) -> bytes:
        """The frame of this moment.

        Parameters
        ----------
        state : mapping
            What the run itself says: epoch, speed, whether it runs, why it stopped.

        Returns
        -------
        bytes
            JSON.
        """
        with np.errstate(all="ignore"):  # a run that is about to diverge has huge numbers
            return self.bare({**state, **self._pictures()})

    @staticmethod
    def bare(found: Mapping[str, Any]) -> bytes:
        """The frame that says this, and shows nothing."""
        return json.dumps(found, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")

    def look(self, axes: Sequence[int] | None, shows: Collection[str] | None) -> None:
        """Choose what is looked at; None leaves it as it is.

        Raises
        ------
        Refused
            422 if there are no such features or parts.
        """
        count = len(self.points.names)
        if axes is not None:
            if len(set(axes)) != 2 or max(axes) >= count:
                what = f"a surface spans two different features of 0 to {count - 1}, and not {list(axes)}"
                raise Refused(422, what, "choose another feature for one of the two axes", "axes")
            self.axes = (axes[0], axes[1])
        if shows is not None:
            for name in shows:
                if name not in SHOWS:
                    raise Refused(422, f"no frame shows {name[:40]!r}", f"choose among {', '.join(SHOWS)}", "shows")
            self.shows = frozenset(shows)

    def _pictures(self) -> dict[str, Any]:
        live, limits = self._live, self._limits
        params = live.params
        plane = None if self.axes is None else self.points.plane(self.axes)
        scores = {name: self._score(params, *part) for name, part in self._parts.items()}
        self._note(scores)
        found: dict[str, Any] = {
            "curves": self._curves(scores),
            "scores": self._scores(scores),
            "weights": shown_weights(live.raw_params, limits.shown_numbers),
            "surface": None,
            "units": None,
            "histograms": None,
            "confusion": None,
        }
        if "surface" in self.shows and plane is not None:
            found["surface"] = surface(live.network, params, plane, limits.surface_side)
        if "units" in self.shows and plane is not None and live.network.architecture.hidden:
            found["units"] = unit_surfaces(live.network, params, plane, limits.unit_side, limits.drawn_units)
        if "histograms" in self.shows:
            found["histograms"] = self._histograms()
        if "confusion" in self.shows:
            found["confusion"] = self._confusion(scores)
        return found

    # Scores --------------------------------------------------------------------------------------------------------

    def _score(self, params: dict[str, Any], X: Array, y: Array) -> QuickScore:
        live = self._live
        return quick_score(live.task, y, live.network.predict(params, X), classes=len(live.classes))

    def _note(self, scores: Mapping[str, QuickScore]) -> None:
        """Take the new epochs and the present scores into the curves."""
        history = self._live.history
        losses, validation = history["loss"], history.get("validation_loss", ())
        for place in range(self._epochs, len(losses)):
            # a run that diverges ends before the validation rows have had their turn
            self._losses.add(place + 1, losses[place], validation[place] if place < len(validation) else None)
        for norms in history.get("gradient_norm", ())[self._norms.count :]:
            self._norms.add(norms)
        self._epochs = len(losses)
        self._score_curve.add(self._live.epoch, *[scores[name].value if name in scores else None for name in _PARTS])

    def _curves(self, scores: Mapping[str, QuickScore]) -> dict[str, Any]:
        curves: dict[str, Any] = self._losses.columns()
        values: dict[str, Any] = self._score_curve.columns()
        if "validation" not in scores:
            curves["validation"] = values["validation"] = None
        return {**curves, "accuracy": None, "r2": None, scores["training"].key: values}

    def _scores(self, scores: Mapping[str, QuickScore]) -> dict[str, Any]:
        return {
            name: {
                "loss": rounded_or_none(self._live.loss(*self._parts[name])),
                score.key: rounded_or_none(score.value),
            }
            for name, score in scores.items()
        }

    def _confusion(self, scores: Mapping[str, QuickScore]) -> dict[str, Any] | None:
        part = list(scores)[-1]
        counts = scores[part].confusion
        if counts is None:
            return None
        return {"part": part, "classes": list(map(short, self._live.classes)), "counts": counts.tolist()}

    def _histograms(self) -> list[dict[str, Any]]:
        live = self._live
        params = live.raw_params
        is_relu = live.network.architecture.activation == "relu"
        dead = dead_layers(live.activations()) if is_relu else ()
        return histograms(params, live.gradients(), self._norms.marks(), dead)
