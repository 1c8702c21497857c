"""Fields of a request: what has another type or size is refused, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chainrule.web.fields import Fields, Refused

FIELDS = Fields(
    {
        "text": "x + y",
        "number": 0.5,
        "whole": 3,
        "float": 3.0,
        "flag": True,
        "texts": {"x": "1", "y": "[1, 2]"},
        "names": ["x", "y"],
        "wholes": [8, 4],
        "inside": {"lr": 0.1},
        "nothing": None,
    }
)


def test_fields_are_read_as_what_they_are() -> None:
    assert FIELDS.text("text") == "x + y"
    assert FIELDS.number("number") == 0.5
    assert FIELDS.number("whole", least=0, most=3) == 3.0
    assert FIELDS.whole("whole", least=3, most=3) == 3
    whole = FIELDS.whole("float", least=0, most=9)
    assert (whole, type(whole)) == (3, int)
    assert FIELDS.flag("flag") is True
    assert FIELDS.one_of("text", ["x", "x + y"]) == "x + y"
    assert FIELDS.texts("texts") == {"x": "1", "y": "[1, 2]"}
    assert FIELDS.names("names") == ["x", "y"]
    assert FIELDS.wholes("wholes", least=1, most=8, longest=2) == [8, 4]
    assert FIELDS.inside("inside").number("lr") == 0.1


def test_what_is_missing_or_null_has_a_default_or_is_refused() -> None:
    for name in ("nothing", "other"):
        assert FIELDS.text(name, "a") == "a"
        assert FIELDS.names(name, None) is None
        with pytest.raises(Refused, match=f"^{name} is missing\n  fix send {name} too$"):
            FIELDS.number(name)


WRONG: list[tuple[Callable[[], Any], str, str | None]] = [
    (lambda: FIELDS.text("number"), "number must be text, not a number", None),
    (lambda: FIELDS.text("texts"), "texts must be text, not an object", None),
    (lambda: FIELDS.text("text", most=4), "text has 5 characters", "send at most 4"),
    (lambda: FIELDS.number("flag"), "flag must be a number, not true", None),
    (lambda: FIELDS.number("text"), "text must be a number, not text", None),
    (lambda: FIELDS.number("number", least=1), "number is 0.5", "choose a number from 1 to 1.7·10³⁰⁸"),
    (lambda: FIELDS.whole("number", least=0, most=9), "number is 0.5", "choose a whole number from 0 to 9"),
    (lambda: FIELDS.whole("whole", least=4, most=9), "whole is 3", "choose a number from 4 to 9"),
    (lambda: FIELDS.flag("whole"), "whole must be true or false, not a number", None),
    (lambda: FIELDS.one_of("text", ["a", "b"]), "text is 'x + y'", "choose one of a, b"),
    (lambda: FIELDS.one_of("names", ["a"]), "names is a list", "choose one of a"),
    (lambda: FIELDS.texts("names"), "names must be an object of texts, not a list", None),
    (lambda: FIELDS.texts("inside"), "inside.lr must be text, not a number", None),
    (lambda: FIELDS.texts("texts", most=1), "texts has 2 entries", "send at most 1"),
    (lambda: FIELDS.texts("texts", longest=3), "texts.y has 6 characters", "send at most 3"),
    (lambda: FIELDS.names("text"), "text must be a list of texts, not text", None),
    (lambda: FIELDS.names("wholes"), "wholes[0] must be text, not a number", None),
    (lambda: FIELDS.names("names", most=1), "names has 2 entries", "send at most 1"),
    (lambda: FIELDS.wholes("names", least=0, most=1, longest=9), "names[0] must be a number, not text", None),
    (lambda: FIELDS.wholes("wholes", least=0, most=7, longest=9), "wholes[0] is 8", "choose a number from 0 to 7"),
    (lambda: FIELDS.wholes("wholes", least=0, most=9, longest=1), "wholes has 2 entries", "send at most 1"),
    (lambda: FIELDS.inside("text"), "text must be an object, not text", None),
    (lambda: FIELDS.inside("inside").text("lr"), "inside.lr must be text, not a number", None),
    (lambda: FIELDS.only("text"), "number is no field of this request", "the fields here are text"),
    (lambda: Fields({"leval": 1}).only("level", "wrt"), "leval is no field of this request", "did you mean level?"),
]


@pytest.mark.parametrize(("read", "what", "fix"), WRONG, ids=[what for _, what, _ in WRONG])
def test_what_is_wrong_is_refused_and_named(read: Callable[[], Any], what: str, fix: str | None) -> None:
    with pytest.raises(Refused) as raised:
        read()
    error = raised.value
    assert (error.status, error.what, error.fix) == (400, what, fix)
    assert error.name is not None


def test_only_returns_the_fields_where_all_are_known() -> None:
    assert Fields({"lr": 0.1}).only("lr", "steps").number("lr") == 0.1
