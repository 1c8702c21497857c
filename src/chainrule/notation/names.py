"""Names of code taken apart for mathematics: ``y_hat`` is y with a hat, ``W1`` is W with subscript 1."""

from __future__ import annotations

import functools
import keyword
import re
import unicodedata
from dataclasses import dataclass

__all__ = ["ACCENTS", "GREEK", "Name", "name_text", "parse_name", "script_text", "split_scripts"]

#: Greek letters by their names in code. Capitals that look like Latin letters are left out: nobody means them.
GREEK = {
    **dict(zip("alpha beta gamma delta epsilon zeta eta theta".split(), "αβγδεζηθ", strict=True)),
    **dict(zip("iota kappa lambda mu nu xi pi rho".split(), "ικλμνξπρ", strict=True)),
    **dict(zip("sigma tau upsilon phi chi psi omega".split(), "στυφχψω", strict=True)),
    **dict(zip("Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega".split(), "ΓΔΘΛΞΠΣΦΨΩ", strict=True)),
    "lam": "λ",
    "lmbda": "λ",
    "lamda": "λ",
    "eps": "ε",
    "ell": "ℓ",
}
#: Combining characters by the names of accents, which are LaTeX's too.
ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "dot": "\u0307"}
_ACCENT_OF = {mark: name for name, mark in ACCENTS.items()}

#: ``yhat`` without an underscore; of other letters it may be a word, such as ``that``.
_RUN_TOGETHER = re.compile(r"([pxyz])(hat|bar|tilde)(\d*)")
_TRAILING_DIGITS = re.compile(r"(.*?\D)(\d+)")

_SUBSCRIPTS = dict(zip("0123456789+-()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
_SUPERSCRIPTS = dict(zip("0123456789+-()inT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁱⁿᵀ", strict=True))
_PLAIN_OF_SUBSCRIPT = {script: plain for plain, script in _SUBSCRIPTS.items()}
_PLAIN_OF_SUPERSCRIPT = {script: plain for plain, script in _SUPERSCRIPTS.items()}


@dataclass(frozen=True)
class Name:
    """A name taken apart.

    Attributes
    ----------
    base : str
        A letter, or a word, which may be any text.
    accent : str
        A key of `ACCENTS`, or empty.
    subscripts : tuple of str
        Numbers and words.
    primes : int
        How many primes follow.
    """

    base: str
    accent: str = ""
    subscripts: tuple[str, ...] = ()
    primes: int = 0

    @property
    def is_letter(self) -> bool:
        """Whether the base is one letter, as in mathematics; else it is a word of code."""
        return len(self.base) == 1 and self.base.isalpha()


@functools.lru_cache(maxsize=4096)
def parse_name(name: str) -> Name:
    """Take a name apart.

    Parameters
    ----------
    name : str
        An identifier, or a path to an array in a container, such as ``params[0].W``, which stays whole.

    Returns
    -------
    Name

    Examples
    --------
    >>> parse_name("y_hat")
    Name(base='y', accent='hat', subscripts=(), primes=0)
    >>> parse_name("theta_1")
    Name(base='θ', accent='', subscripts=('1',), primes=0)
    >>> parse_name("batch_size").base
    'batch_size'
    """
    whole = unicodedata.normalize("NFKC", name)
    bare = whole.rstrip("′")
    primes = len(whole) - len(bare)
    if bare.endswith("_") and keyword.iskeyword(bare[:-1]):
        bare = bare[:-1]
    if not bare.isidentifier() or bare.startswith("_") or bare.endswith("_") or "__" in bare:
        return Name(bare, primes=primes)
    together = _RUN_TOGETHER.fullmatch(bare)
    pieces = [*together.group(1, 2), *filter(None, [together.group(3)])] if together else bare.split("_")
    base, *rest = [part for piece in pieces for part in _without_digits(piece)]
    base, accent = _letter(base)
    if len(base) > 1:
        return _word(base, rest, bare, primes)
    if not accent and any(part in ACCENTS for part in rest):
        accent = next(part for part in rest if part in ACCENTS)
        rest.remove(accent)
    return Name(base, accent, tuple([GREEK.get(part, part) for part in rest]), primes)


def _without_digits(piece: str) -> tuple[str, ...]:
    """``W1`` as W and 1."""
    match = _TRAILING_DIGITS.fullmatch(piece)
    return match.group(1, 2) if match else (piece,)


def _letter(base: str) -> tuple[str, str]:
    """The letter that a name stands for, and its accent: ``theta`` is θ, and ŷ is y with a hat."""
    base = GREEK.get(base, base)
    if len(base) == 1:
        plain, *marks = tuple(unicodedata.normalize("NFD", base))
        if len(marks) == 1 and marks[0] in _ACCENT_OF:
            return plain, _ACCENT_OF[marks[0]]
    return base, ""


def _word(base: str, rest: list[str], bare: str, primes: int) -> Name:
    """Only a number is a subscript of a word: ``loss_1``. ``batch_size`` stays one word."""
    if len(rest) == 1 and rest[0].isdecimal():
        return Name(base, subscripts=(rest[0],), primes=primes)
    return Name(bare, primes=primes)


def name_text(name: str, occurrence: int | None = None) -> str:
    """A name in Unicode.

    Parameters
    ----------
    name : str
    occurrence : int, optional
        Which of several assignments it is.

    Returns
    -------
    str

    Examples
    --------
    >>> [name_text(name) for name in ("y_hat", "W_1", "h_prev", "lambda_", "params[0].W")]
    ['ŷ', 'W1', 'h_prev', 'λ', 'params[0].W']
    >>> name_text("h", 2)
    'h⁽²⁾'
    """
    parts = parse_name(name)
    text = unicodedata.normalize("NFC", parts.base + ACCENTS[parts.accent]) if parts.accent else parts.base
    for position, subscript in enumerate(parts.subscripts):
        text += subscript if position == 0 and subscript.isdecimal() else f"_{subscript}"
    text += "′" * parts.primes
    return text if occurrence is None else f"{text}{script_text(f'({occurrence})', raised=True)}"


def script_text(text: str, *, raised: bool) -> str | None:
    """A text in small characters below or above the line, or None where Unicode has none for it.

    Examples
    --------
    >>> script_text("-12", raised=True), script_text("ij", raised=False), script_text("w", raised=True)
    ('⁻¹²', 'ᵢⱼ', None)
    """
    known = _SUPERSCRIPTS if raised else _SUBSCRIPTS
    text = text.replace("−", "-")
    return "".join([known[character] for character in text]) if all(c in known for c in text) else None


def split_scripts(text: str) -> tuple[str, str, str]:
    """What small characters at its end put below and above a text.

    Examples
    --------
    >>> split_scripts("log₁₀"), split_scripts("P⁻¹"), split_scripts("relu′")
    (('log', '10', ''), ('P', '', '-1'), ('relu′', '', ''))
    """
    below = above = ""
    while text and (text[-1] in _PLAIN_OF_SUBSCRIPT or text[-1] in _PLAIN_OF_SUPERSCRIPT):
        last, text = text[-1], text[:-1]
        below = _PLAIN_OF_SUBSCRIPT.get(last, "") + below
        above = _PLAIN_OF_SUPERSCRIPT.get(last, "") + above
    return text, below, above
