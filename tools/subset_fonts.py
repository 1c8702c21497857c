"""The fonts of the page: STIX Two, reduced to what the printers of mathematics and the page itself can write.

``python tools/subset_fonts.py TEXT MATH`` writes ``src/chainrule/web/static/fonts``. TEXT is the unpacked npm package
``@expo-google-fonts/stix-two-text`` 0.4.2, whose files hold all characters; MATH is ``source/STIXTwoMath.input.ttf`` of
https://github.com/stipub/stixfonts (2.12), as packages on npm lack the glyphs of small scripts. Needs
``fonttools[woff]``. The fonts are under the SIL Open Font License 1.1, which stands beside them; their names are not
reserved, so that a changed copy may keep them.
"""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path

from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

from chainrule.notation.names import ACCENTS, GREEK

TARGET = Path(__file__).parent.parent / "src" / "chainrule" / "web" / "static" / "fonts"
FACES = {
    "stix-two-text-regular": "400Regular/STIXTwoText_400Regular.ttf",
    "stix-two-text-italic": "400Regular_Italic/STIXTwoText_400Regular_Italic.ttf",
    "stix-two-text-semibold": "600SemiBold/STIXTwoText_600SemiBold.ttf",
}

#: Small letters that the text faces lack, by the letter that they are made of.
LOWERED = {unicodedata.normalize("NFKD", c): c for c in "ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ"}
RAISED = {"T": "ᵀ", "H": "ᴴ"}
SMALL = 0.66
ACCENT_SIGNS = {"^": "\u02c6", "~": "\u02dc"}

LATIN = {*range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x1E00, 0x1F00)}
PUNCTUATION = {*range(0x2010, 0x2028), *range(0x2030, 0x2035), 0x20AC, 0x2113, 0x2122, 0xFFFD}
ACCENTED = {*map(ord, ACCENTS.values()), 0x02C6, 0x02C7, 0x02D8, 0x02D9, 0x02DC, 0x0300, 0x0301, 0x0308}
GREEKS = {*range(0x391, 0x3AA), *range(0x3B1, 0x3CA), *(ord(c) for c in GREEK.values()), 0x3D1, 0x3D5, 0x3F5}
SCRIPTS = {0x2070, 0x2071, *range(0x2074, 0x208F)}
#: Arrows, operators and relations of the printers, and their neighbours that a name may hold.
SIGNS = {ord(c) for c in "←↑→↓↔↦⇒∀∂∃∅∆∇∈∉∏∑−∓∕∗∘∙√∛∜∝∞∠∥∧∨∩∪∫∼≃≅≈≠≡≤≥≪≫⊂⊆⊕⊖⊗⊙⊤⊥⋅⋮⋯⌈⌉⌊⌋⟨⟩▶■□●○✓"}
#: What MathML's letters become: italics (h is elsewhere), Greek italics, and bold digits and letters.
ITALICS = {*range(0x1D434, 0x1D468), 0x210E, *range(0x1D6E2, 0x1D71C)}
BOLD = {*range(0x1D400, 0x1D434), *range(0x1D7CE, 0x1D7D8)}


def add_small_letters(font: TTFont) -> None:
    """Give the font ᵀ, ᴴ and the lowered letters, made of its own letters."""
    glyphs, widths, cmaps = font["glyf"], font["hmtx"], [t for t in font["cmap"].tables if t.isUnicode()]
    outlines = font.getGlyphSet()
    shift = {**dict.fromkeys(LOWERED, -130), **dict.fromkeys(RAISED, 290)}
    for letter, small in {**LOWERED, **RAISED}.items():
        name = f"uni{ord(small):04X}"
        recording = DecomposingRecordingPen(outlines)
        outlines[font.getBestCmap()[ord(letter)]].draw(recording)
        pen = TTGlyphPen(None)
        recording.replay(TransformPen(pen, (SMALL, 0, 0, SMALL, 0, shift[letter])))
        width, bearing = widths[font.getBestCmap()[ord(letter)]]
        glyphs[name] = pen.glyph()
        widths[name] = (round(width * SMALL) + 12, round(bearing * SMALL))
        for table in cmaps:
            table.cmap[ord(small)] = name


def raise_accents(font: TTFont) -> None:
    """Draw ^ and ~ as the accents that MathML means by them; as signs of their own they stand across the letter."""
    glyphs = font.getBestCmap()
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap.update({ord(plain): glyphs[ord(accent)] for plain, accent in ACCENT_SIGNS.items()})


def reduced(font: TTFont, characters: set[int], features: list[str]) -> TTFont:
    """The font with these characters alone, and all that their layout needs."""
    options = Options()
    options.layout_features = features
    options.hinting = False
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.notdef_outline = True
    options.drop_tables += ["STAT", "DSIG"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    font.flavor = "woff2"
    return font


def main(text: Path, math: Path) -> None:
    """Write all faces, and say how large they are."""
    TARGET.mkdir(parents=True, exist_ok=True)
    layout = ["kern", "liga", "ccmp", "locl", "mark", "mkmk", "lnum", "onum", "pnum", "tnum"]
    wanted = LATIN | PUNCTUATION | ACCENTED | GREEKS | SCRIPTS | SIGNS | {ord(c) for c in (*LOWERED.values(), "ᵀ", "ᴴ")}
    fonts = {}
    for name, path in FACES.items():
        font = TTFont(text / path)
        add_small_letters(font)
        fonts[name] = reduced(font, wanted, layout)
    plain = {
        *range(0x20, 0x7F),
        0xA0,
        *range(0xAC, 0xB8),
        0xD7,
        0xF7,
        0x2016,
        0x2026,
        *range(0x2032, 0x2035),
        0x2061,
        0x2062,
    }
    mathematical = plain | ACCENTED | GREEKS | SIGNS | ITALICS | BOLD | {0x2113}
    face = TTFont(math)
    raise_accents(face)
    fonts["stix-two-math"] = reduced(face, mathematical, ["ccmp", "locl", "ssty", "dtls", "flac"])
    for name, font in fonts.items():
        path = TARGET / f"{name}.woff2"
        font.save(path)
        print(f"{path.name}: {path.stat().st_size / 1024:.1f} KiB, {len(font.getBestCmap())} characters")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
