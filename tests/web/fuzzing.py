"""Random requests: formulas of the grammar and of garbage, settings that fit and that do not, files, broken JSON."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from chainrule.explain.formulas.known import CONSTANTS, known_functions
from chainrule.learn.models.layers import ACTIVATIONS
from chainrule.tables.bundled import BUNDLED
from chainrule.tables.generated import GENERATED
from chainrule.web.training.choices import MODELS, OPTIMIZERS

__all__ = ["Attempt", "Fuzzer"]

NAMES = "x y z w b t W X h x1 y_hat theta sigma ŷ θ x_1 lr None _ if lambda é".split()
TAME_NAMES = "x y z w b t".split()
TAME_FUNCTIONS = "exp tanh sigmoid relu sin cos softplus square abs sum mean log sqrt softmax".split()
OPERATORS = "+ - * / ** @ < <= == ^ · ⊙ − // % and".split()
SIGNS = list("()[]{}=+-*/.,;:'\"\\^@<>!&|~`#$%_ \t\n\r\0²³ᵀ√·⊙−πσ∂∞ŷθ😀\u202e\u0301\ufeff09axEe")
NUMBERS = "0 1 -1 2 0.5 1e3 1e308 1e-308 1e999 .5 5. 0x10 1_000 1j 00 9999999999999999999999 -0 NaN inf".split()
#: What settings may be, and what they may not.
SETTINGS: dict[str, tuple[Sequence[Any], Sequence[Any]]] = {
    "model": (MODELS, ["forest"]),
    "hidden": ([[], [1], [4, 4], [64, 64], [2, 3, 4, 3, 2, 1]], [[0], [65], [8] * 7, [2.5], 8, ["8"]]),
    "activation": (list(ACTIVATIONS), ["sin"]),
    "loss": (["auto", "auto", "cross_entropy", "squared_error", "absolute_error", "huber"], ["hinge"]),
    "optimizer": (list(OPTIMIZERS), ["lbfgs"]),
    "lr": ([1e-9, 0.01, 1.0, 1e6], [0, -1, 1e300, "0.1"]),
    "l2": ([0, 0.01, 1e6], [-1]),
    "batch_size": ([1, 7, 32, 4096], [0, 5000]),
    "validation_split": ([0, 0.2, 0.9], [0.95, -0.1]),
    "seed": ([0, 1, 2**32 - 1], [2**32, -1]),
}
SOURCE: dict[str, tuple[Sequence[Any], Sequence[Any]]] = {
    "rows": ([10, 60, 200, 5000], [0, 5001]),
    "noise": ([0, 0.1, 5], [-1]),
    "seed": ([0, 7], [-1]),
}


@dataclass(frozen=True)
class Attempt:
    """A request."""

    method: str
    path: str
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


class Fuzzer:
    """Random requests, always the same for the same seed and the same tabs.

    Parameters
    ----------
    seed : int
    tabs : list of str
        Names of open tabs, to which names may be added while it goes on.
    """

    def __init__(self, seed: int, tabs: list[str]) -> None:
        self.random = random.Random(seed)
        self.tabs = tabs
        self.is_wild = False

    def attempt(self) -> Attempt:
        """The next request."""
        chosen: Callable[[], Attempt] = self.random.choices(
            [self.formula, self.training, self.upload, self.download, self.broken, self.anything],
            [8, 8, 2, 1, 2, 2],
        )[0]
        return chosen()

    # Formulas --------------------------------------------------------------------------------------------------------

    def formula(self) -> Attempt:
        """A lesson, a descent or an export, most of it valid."""
        path = self.random.choice(["lesson", "lesson", "lesson", "descent", "export"])
        self.is_wild = self.chance(0.3)
        statements = self.statements()
        data: dict[str, Any] = {"statements": statements, "values": self.values(statements)}
        if self.chance(0.3):
            data["loose"] = list(data["values"])[:2]
        if self.chance(0.3):
            data["wrt"] = self.random.sample(NAMES, self.random.randint(0, 3))
        if path != "descent" and self.chance(0.7):
            data["level"] = self.random.choice(["statement", "operation"] * 5 + ["word"])
        if path == "descent":
            data |= {
                "lr": self.random.choice([0, 0.01, 1, 1e9, -1]),
                "steps": self.random.choice([0, 1, 20, 1000, 1001]),
            }
        if path == "export":
            data["format"] = self.random.choice(
                ["svg", "latex", "html", "markdown", "json", "text", "png"] * 2 + ["exe"]
            )
        return self.sent("POST", f"/api/{path}", self.spoiled(data))

    def statements(self) -> str:
        lines = [
            f"{self.random.choice(TAME_NAMES)} = {self.expression(3)}" if self.chance(0.6) else self.expression(3)
            for _ in range(self.random.choice([0, 1, 1, 1, 2, 3]))
        ]
        text = self.random.choice(["; ", "\n", ";\n"]).join([*lines, self.ending()])
        return self.mutated(text) if self.is_wild and self.chance(0.5) else text

    def ending(self) -> str:
        """Mostly one number."""
        inside = self.expression(self.random.randint(1, 4))
        return inside if self.chance(0.1) else f"{self.random.choice(['sum', 'mean', 'sum', 'max', ''])}({inside})"

    def expression(self, depth: int) -> str:
        if depth == 0 or self.chance(0.2):
            return self.random.choice([*NAMES, *NUMBERS, *CONSTANTS] if self.is_wild else [*TAME_NAMES, *NUMBERS[:4]])
        kind = self.random.random()
        if kind < 0.5:
            operator = self.random.choice(OPERATORS if self.is_wild else OPERATORS[:4])
            return f"({self.expression(depth - 1)} {operator} {self.expression(depth - 1)})"
        if kind < 0.85:
            arguments = [self.expression(depth - 1) for _ in range(self.random.choice([1, 1, 1, 1, 2, 3, 0]))]
            if self.is_wild or self.chance(0.1):
                return f"{self.random.choice(list(known_functions()))}({', '.join(arguments)})"
            return f"{self.random.choice(TAME_FUNCTIONS)}({self.expression(depth - 1)})"
        if kind < 0.95 or not self.is_wild:
            return f"-{self.expression(depth - 1)}"
        return f"[{self.expression(depth - 1)}, {self.expression(depth - 1)}]"

    def values(self, statements: str) -> dict[str, str]:
        """Values of most names, and of some that do not occur."""
        names = [name for name in NAMES if (name in statements and self.chance(0.9)) or self.chance(0.02)]
        same = self.value()
        return {name: self.value() if self.is_wild or self.chance(0.3) else same for name in names}

    def value(self) -> str:
        kind = self.random.random()
        if kind < 0.5:
            return repr(round(self.random.gauss(0, 2), 3))
        size = self.random.choice([2, 2, 3, 3, 1])
        row = f"[{', '.join([repr(round(self.random.gauss(0, 2), 2)) for _ in range(size)])}]"
        if kind < 0.7:
            return row
        if kind < 0.85:
            return f"[{', '.join([row] * self.random.choice([2, 2, 3]))}]"
        if kind < 0.95:
            return self.random.choice(NUMBERS)
        return self.mutated(row)

    # Training --------------------------------------------------------------------------------------------------------

    def training(self) -> Attempt:
        """Something of the training view."""
        chosen: Callable[[], Attempt] = self.random.choices(
            [self.tab, self.run, self.control, self.look, self.sample, self.schema, self.close], [1, 6, 8, 3, 3, 2, 0.3]
        )[0]
        return chosen()

    def tab(self) -> Attempt:
        return self.sent("POST", "/api/tabs", {})

    def close(self) -> Attempt:
        return Attempt("POST", self.at("close"))

    def run(self) -> Attempt:
        kind = self.random.choice(["generated", "generated", "generated", "bundled", "upload", "web"])
        source: dict[str, Any] = {"kind": kind}
        if kind == "generated":
            source["name"] = self.random.choice([*GENERATED, "rings"])
            source |= self.settings(SOURCE)
        elif kind == "bundled":
            source["name"] = self.random.choice([*BUNDLED, "mnist"])
        elif kind == "upload":
            source["target"] = self.random.choice(["a", "b", "c", "label"])
            source |= self.some({"types": [{}, {"a": "number"}, {"b": "category"}]})
        return self.sent("POST", self.at("run"), self.spoiled({"source": source, "settings": self.settings(SETTINGS)}))

    def control(self) -> Attempt:
        data = {"action": self.random.choice(["play", "pause", "step", "epoch", "reset", "stop"])}
        return self.sent(
            "POST", self.at("control"), self.spoiled(data | self.some({"speed": [None, 0.01, 5, 1000, 0]}))
        )

    def look(self) -> Attempt:
        shows = ["surface", "units", "histograms", "confusion", "weights"]
        data = {
            "axes": [
                self.random.choice([0, 1, 1, 2, 29, -1, 10**6]) for _ in range(self.random.choice([2, 2, 2, 1, 3]))
            ],
            "shows": self.random.sample(shows, self.random.randint(0, 5)),
        }
        return self.sent("POST", self.at("look"), self.spoiled(data))

    def sample(self) -> Attempt:
        return self.sent(
            "POST", self.at("sample"), self.spoiled({"row": self.random.choice([1, 2, 50, 0, 10**5, -3, 1.5])})
        )

    def schema(self) -> Attempt:
        types = {
            name: self.random.choice(["number", "category", "text", "ignore", "boolean", "date"]) for name in "abc"
        }
        return self.sent(
            "POST", self.at("schema"), self.spoiled(self.some({"target": ["a", "b", "c"], "types": [types]}))
        )

    def upload(self) -> Attempt:
        """A table, or what is none."""
        separator = self.random.choice([",", ",", ";", "\t", "|"])
        cells = ["1", "2.5", "-3e4", "", "NA", "yes", "no", "a b", '"x,y"', "2024-01-02", "é", "∞", "1e999", '"', "\0"]
        width, height = self.random.randint(1, 4), self.random.choice([0, 1, 5, 40, 200])
        likely = self.random.choice([cells[:2], cells[:4], cells[5:7], cells])
        rows = [separator.join("abcd"[:width])] + [
            separator.join(self.random.choices(likely, k=width + self.chance(0.01))) for _ in range(height)
        ]
        body = "\n".join(rows).encode()
        if self.chance(0.3):
            noise = self.random.randbytes(200)
            whole = [b"", noise, body * 50, body[:20] + noise, b"PAR1" + body + b"PAR1"]
            begins = [b"\x1f\x8b", b"ARROW1\0\0", b"\xff\xfe", b"(\xb5/\xfd", b"PK\3\4"]
            body = self.random.choice([*whole, *[magic + body for magic in begins]])
        name = self.random.choice(
            ["t.csv", "t.tsv", "t.parquet", "t.csv.gz", "..%2F..%2Fetc%2Fpasswd", "%00", "%FF%FE", ""]
        )
        headers = {"Content-Type": "application/octet-stream", "X-File-Name": name}
        return Attempt("PUT", self.at("table"), body, headers)

    def download(self) -> Attempt:
        return Attempt("GET", self.at(self.random.choice(["model", "code", "code", "report"])))

    def at(self, what: str) -> str:
        """An address of an open tab, or of none."""
        known = self.tabs and self.chance(0.95)
        tab = self.random.choice(self.tabs) if known else self.random.choice(["0", "..", "%00", "a" * 32])
        return f"/api/tabs/{tab}/{what}"

    # Everything else -------------------------------------------------------------------------------------------------

    def broken(self) -> Attempt:
        """A valid request whose bytes were damaged."""
        whole = self.random.choice([self.formula, self.training])()
        body = bytearray(whole.body or b"{}")
        for _ in range(self.random.randint(1, 4)):
            place = self.random.randrange(len(body) + 1)
            body[place : place + self.random.randint(0, 3)] = self.random.choice(
                [b"", b"}", b"[" * 999, b"\xff", b'"', b"\\ud800", b"NaN", b"9" * 500, b"\0", b"null", b"1e999"]
            )
        return Attempt(whole.method, whole.path, bytes(body), whole.headers)

    def anything(self) -> Attempt:
        """Any method at any address with any headers."""
        paths = [
            "/",
            "/api",
            "/api/lesson",
            "/api/presets",
            "/api/training",
            "/api/tabs",
            "/static/index.html",
            "/static/",
        ]
        path = self.random.choice(paths)
        if self.chance(0.5):
            path += "".join(
                self.random.choices(["/", "..", "%2e", "%00", "%ff", "?", "&a=", "a", "%C3%A9", "//", "#"], k=5)
            )
        headers = self.some(
            {
                "Content-Type": [
                    "application/json",
                    "text/plain",
                    "application/octet-stream",
                    "multipart/form-data",
                    "",
                ],
                "Origin": ["http://evil.example", "null", ""],
                "Sec-Fetch-Site": ["cross-site", "same-origin", "none"],
                "Accept-Encoding": ["gzip", "*", "br;q=0"],
                "If-None-Match": ["*", '"a"', "W/"],
                "Range": ["bytes=0-10", "bytes=-1", "a"],
                "Cookie": ["a=b", "=;;=", "chainrule=" + "x" * 5000],
                "X-Forwarded-For": ["1.2.3.4"],
                "Expect": ["100-continue"],
                "Accept": ["*/*", "text/event-stream"],
            },
            0.2,
        )
        method = self.random.choice(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
        body = self.random.choice([None, b"", b"{}", self.random.randbytes(50), b"[]", b"null"])
        return Attempt(method, path, None if method in ("GET", "HEAD") else body, headers)

    # Helpers ---------------------------------------------------------------------------------------------------------

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def some(self, choices: dict[str, Sequence[Any]], probability: float = 0.5) -> dict[str, Any]:
        """Some of several fields."""
        return {name: self.random.choice(values) for name, values in choices.items() if self.chance(probability)}

    def settings(self, choices: dict[str, tuple[Sequence[Any], Sequence[Any]]]) -> dict[str, Any]:
        """Some of several settings, few of them wrong."""
        wrong = {name: self.chance(0.03) for name in choices}
        return {name: self.random.choice(both[wrong[name]]) for name, both in choices.items() if self.chance(0.5)}

    def mutated(self, text: str) -> str:
        """Text with some signs lost, doubled or replaced."""
        signs = list(text)
        for _ in range(self.random.randint(1, 4)):
            place = self.random.randint(0, len(signs))
            change = self.random.random()
            if change < 0.4:
                signs.insert(place, self.random.choice(SIGNS))
            elif change < 0.7:
                del signs[place : place + self.random.randint(1, 3)]
            elif change < 0.9:
                signs[place : place + 1] = [self.random.choice(SIGNS)]
            else:
                signs *= self.random.choice([2, 2, 30])
        return "".join(signs)[:5000]

    def spoiled(self, data: dict[str, Any]) -> Any:
        """Data in which, now and then, a field is missing, unknown or of another type."""
        if self.chance(0.93):
            return data
        other = [None, True, "", "x", -1, 10**15, 0.5, [], {}, [[]], {"a": [1]}, "é\u202e", [None], math.pi]
        name = self.random.choice([*data, "unknown"])
        data = {**data, name: self.random.choice(other)}
        if self.chance(0.3):
            del data[name]
        return data if self.chance(0.95) else self.random.choice(other)

    def sent(self, method: str, path: str, data: Any) -> Attempt:
        body = json.dumps(data, ensure_ascii=self.chance(0.5)).encode("utf-8", "surrogatepass")
        return Attempt(method, path, body, {"Content-Type": "application/json"})
