"""The rows of ``train.py``: for each work the contenders, held against the hand-derived result, then timed in turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import agreement
import fresh
import lstm
from floors import Ceilings
from harness import OURS, measure, measure_loops
from peers import by_hand, calls, hips, jax_loops, ours, pytorch, scikit
from report import Result
from workloads import CALLS, FIRST_CALL, TRAINING, Problem, Work

LOOPS: dict[str, Callable[[Problem], Callable[[int], Any]]] = {
    OURS: ours.contender,
    "NumPy by hand": by_hand.contender,
    "HIPS autograd": hips.contender,
    "PyTorch eager": pytorch.eager,
    "torch.compile": pytorch.compiled,
    "JAX jit per step": jax_loops.per_step,
    "JAX whole loop": jax_loops.whole_loop,
    "scikit-learn": scikit.contender,
}

SINGLE_CALLS: dict[str, Callable[[Problem], calls.Call]] = {
    OURS: calls.our_call,
    "NumPy by hand": calls.hand_call,
    "PyTorch eager": calls.torch_call,
    "JAX jit, NumPy arrays": calls.jax_numpy_call,
    "JAX jit, device arrays": calls.jax_device_call,
}

STEPS_COMPARED = 8
ONE_CALL = "one call of value_and_grad, compiled where the library compiles"
FIRST = f"first call of a loop of {fresh.LOOP_STEPS} steps in a fresh process, without imports"
LSTM = "value and gradient of an unrolled LSTM"


@dataclass(frozen=True)
class Effort:
    """How long to measure.

    Rounds, seconds that a timed call lasts, rounds in fresh processes, seconds of rest between contenders, and the
    seconds after which a row begins no further round.
    """

    rounds: int
    seconds: float
    fresh_rounds: int
    rest: float
    budget: float = 10.0


@dataclass(frozen=True)
class Suite:
    """The rows for one dtype and number of threads."""

    dtype: str
    effort: Effort
    ceilings: Ceilings

    def rows(self) -> dict[str, Callable[[], list[Result]]]:
        """By its short name, what measures a row; a row may give two lines."""
        loops = {work.key: lambda work=work: [self.training(work)] for work in TRAINING}
        singles = {work.key: lambda work=work: [self.single_call(work)] for work in CALLS}
        return loops | singles | {"first-call": self.first_call, "lstm": self.lstm}

    def training(self, work: Work) -> Result:
        problem = Problem(work, self.dtype)
        steps = work.epoch if work.batch else STEPS_COMPARED
        expected = agreement.reference(work, steps)
        result = Result(work.key, work.label, {}, work.target, floor=self.ceilings.floor(work), within=work.within)

        def prepare(make: Callable[[Problem], Callable[[int], Any]], name: str) -> Callable[[int], Any]:
            run = make(problem)
            agreement.require(name, problem, run, expected, steps)
            return run

        runs = _prepared(result, LOOPS, prepare)
        effort, epoch = self.effort, work.epoch if work.batch else None
        row = measure_loops(work.label, runs, effort.rounds, effort.seconds, epoch, effort.rest, effort.budget)
        result.times = row.times
        return result

    def single_call(self, work: Work) -> Result:
        problem = Problem(work, self.dtype)
        label = f"one call: {work.label}"
        result = Result(
            work.key, label, {}, work.target, floor=self.ceilings.floor(work), group=ONE_CALL, against="JAX"
        )
        wide = Problem(work, "float64")
        expected = by_hand.value_and_gradient(wide)(wide.params, *wide.data)

        def prepare(make: Callable[[Problem], calls.Call], name: str) -> calls.Call:
            call = make(problem)
            agreement.require_equal(f"{name}, {label}, {self.dtype}", call(), expected, self.dtype)
            return call

        prepared = _prepared(result, SINGLE_CALLS, prepare)
        result.times = measure(label, prepared, self.effort.rounds, self.effort.seconds, self.effort.rest).times
        return result

    def first_call(self) -> list[Result]:
        """Compilation of a loop in fresh processes, from nothing and from the cache on disk."""
        label = f"first call: {FIRST_CALL.label}"
        cold = Result("first-call", f"{label}, cold", {}, limit=1e5, group=FIRST)
        cached = Result("first-call", f"{label}, cached", {}, limit=2e4, group=FIRST)
        for library in (OURS, "JAX", "torch.compile"):
            rounds = 1 if library == "torch.compile" else self.effort.fresh_rounds
            seconds = self._fresh(cold, "loop", library, rounds, fresh.STATES)
            for result, state in ((cold, "cold"), (cached, "cached")):
                if seconds:
                    result.times[library] = [value * 1e6 for value in seconds[state]]
        return [cold, cached]

    def _fresh(
        self, result: Result, subject: str, library: str, rounds: int, states: tuple[str, ...]
    ) -> dict[str, list[float]]:
        """Seconds in fresh processes; nothing, and a note, where they fail."""
        try:
            return fresh.first_run(subject, library, self.dtype, rounds, states)
        except RuntimeError as error:
            result.notes.append(f"{library} left out: {error}")
            return {}

    def lstm(self) -> list[Result]:
        """Compilation (first call less a later one, fresh processes) and run time of the unrolled LSTM's gradient."""
        label = f"LSTM, {lstm.STEPS} steps unrolled"
        compiling = Result("lstm", f"{label}: compile", {}, target=2.0, group=LSTM, against="JAX")
        running = Result("lstm", f"{label}: run", {}, target=2.0, floor=self._lstm_floor(), group=LSTM, against="JAX")
        for library in (OURS, "JAX"):
            seconds = self._fresh(compiling, "lstm", library, self.effort.fresh_rounds, ("cold",))
            if seconds:
                differences = zip(seconds["cold"], seconds["run"], strict=True)
                compiling.times[library] = [(first - run) * 1e6 for first, run in differences]
        arguments = lstm.arguments(self.dtype)
        expected = lstm.by_hand(*lstm.arguments("float64"))

        def prepare(make: Callable[[str], Callable[[], Any]], name: str) -> Callable[[], Any]:
            call = make(self.dtype)
            agreement.require_equal(f"{name}, {label}, {self.dtype}", call(), expected, self.dtype)
            return call

        makers: dict[str, Callable[[str], Callable[[], Any]]] = {
            OURS: lambda dtype: fresh.lstm_call(OURS, dtype),
            "NumPy by hand": lambda dtype: lambda: lstm.by_hand(*arguments),
            "PyTorch eager": pytorch.lstm_call,
            "JAX": lambda dtype: fresh.lstm_call("JAX", dtype),
        }
        calls_ = _prepared(running, makers, prepare)
        running.times = measure(running.label, calls_, self.effort.rounds, self.effort.seconds, self.effort.rest).times
        return [compiling, running]

    def _lstm_floor(self) -> float:
        flops, counts = lstm.floor_counts()
        transcendental = sum(count * self.ceilings.per_element(name) for name, count in counts.items())
        return (flops / self.ceilings.flops + transcendental) * 1e6


def _prepared(
    result: Result, makers: dict[str, Callable[..., Any]], prepare: Callable[[Any, str], Any]
) -> dict[str, Any]:
    """Every contender that can be made and gives the right results; the others are noted."""
    prepared = {}
    for name, make in makers.items():
        try:
            prepared[name] = prepare(make, name)
        except AssertionError as error:
            result.wrong = True
            result.notes.append(f"{name} left out, its results are wrong: {error}")
        except Exception as error:
            reason = (str(error).strip().splitlines() or ["no message"])[0]
            result.notes.append(f"{name} left out: {type(error).__name__}: {reason}")
    return prepared
