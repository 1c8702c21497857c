"""Characters that TeX does not know, written in ASCII."""

from __future__ import annotations

import unicodedata

__all__ = ["without_unicode"]

_GREEK = dict(
    zip(
        "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩ",
        "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon varphi "
        "chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega".split(),
        strict=True,
    )
)
_SIGNS = dict(
    zip(
        "∂∞·×⊙←→↦≤≥≠≈±√∇∈ℓ⌊⌋⌈⌉‖⊗⊤✓∏∑∫∧∨¬",
        "partial infty cdot times odot leftarrow rightarrow mapsto leq geq neq approx pm surd nabla in ell "
        "lfloor rfloor lceil rceil Vert otimes top checkmark prod sum int wedge vee neg".split(),
        strict=True,
    )
)
_ACCENTS = {"\u0302": "hat", "\u0304": "bar", "\u0303": "tilde", "\u0307": "dot", "\u0301": "acute", "\u0308": "ddot"}
_TEXT = {"…": r"\ldots{}", "–": "--", "—": "---", "“": "``", "”": "''", "‘": "`", "’": "'", "\u00a0": "~"}
_OTHER = {"−": "-", "′": "'", "✗": r"\times", "ᵀ": r"^{\top}"}
_MATH = {character: f"\\{name}" for character, name in (_GREEK | _SIGNS).items()} | _OTHER


def without_unicode(document: str) -> str:
    r"""A document in ASCII; what is replaced may stand in text and in formulas.

    Examples
    --------
    >>> print(without_unicode("σ′ and ŷ"))
    \ensuremath{\sigma}\ensuremath{'} and \ensuremath{\hat{y}}
    """
    whole = unicodedata.normalize("NFC", document)
    pieces: list[str] = []
    for character in whole:
        if unicodedata.combining(character) and pieces:
            character = unicodedata.normalize("NFD", pieces.pop()) + character
        pieces.append(character)
    return "".join([piece if piece.isascii() else _ascii(piece) for piece in pieces])


def _ascii(character: str) -> str:
    """One character, perhaps with accents above it."""
    if character in _TEXT:
        return _TEXT[character]
    if character in _MATH:
        return rf"\ensuremath{{{_MATH[character]}}}"
    plain, *marks = list(unicodedata.normalize("NFD", character))
    if marks and all(mark in _ACCENTS for mark in marks):
        inside = _MATH.get(plain, plain) if plain in _MATH or plain.isascii() else _ascii(plain)
        for mark in marks:
            inside = rf"\{_ACCENTS[mark]}{{{inside}}}"
        return rf"\ensuremath{{{inside}}}"
    compatible = unicodedata.normalize("NFKC", character)
    if len(character) == 1 and compatible != character and compatible.isascii():
        if "<super>" in unicodedata.decomposition(character):
            return rf"\ensuremath{{^{{{compatible}}}}}"
        if "<sub>" in unicodedata.decomposition(character):
            return rf"\ensuremath{{_{{{compatible}}}}}"
        return compatible
    return rf"\text{{\ttfamily U+{ord(plain):04X}}}"
