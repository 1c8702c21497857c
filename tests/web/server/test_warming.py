"""What is done before somebody waits for it is the same as what is done later, and ends."""

from __future__ import annotations

import pytest

from chainrule.web.limits import Limits
from chainrule.web.server import warming
from chainrule.workflow.live import LiveTraining


def test_the_first_example_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[int] = []
    payload = warming.lesson_payload
    monkeypatch.setattr(warming, "lesson_payload", lambda *given: computed.append(len(payload(*given)["html"])))
    warming.warm_lessons(Limits())
    assert len(computed) == 1
    assert computed[0] > 1000


def test_training_takes_one_step_in_a_thread_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    trained: list[tuple[int, int]] = []

    class Watched(LiveTraining):
        def close(self) -> None:
            trained.append((self.epoch, self.step))
            super().close()

    monkeypatch.setattr(warming, "LiveTraining", Watched)
    monkeypatch.setattr(warming, "_PAUSE", 0)
    timer = warming.warm_training_later(Limits())
    timer.join(120)
    assert not timer.is_alive()
    assert trained == [(0, 1)]
