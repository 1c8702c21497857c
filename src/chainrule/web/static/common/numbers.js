// Numbers for people, spelled as in lessons (notation/numbers.py): four significant digits, a true minus sign, powers of
// ten with raised digits.

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
/** Whole numbers are written in full up to here. */
const LARGEST_WHOLE = 1_000_000;
const LOWERED = "₀₁₂₃₄₅₆₇₈₉";

const raised = (exponent) => String(exponent).replace("-", "⁻").replace(/\d/g, (digit) => RAISED[digit]);

/** The index of a letter: W₁₂. */
export const lowered = (index) => String(index).replace(/\d/g, (digit) => LOWERED[digit]);

/** A number as text, to some significant digits; a dash where there is none. */
export function short(number, digits = 4) {
  if (number === null || number === undefined || Number.isNaN(number)) return "–";
  if (!Number.isFinite(number)) return number > 0 ? "∞" : "−∞";
  const [mantissa, exponent] = number.toExponential(digits - 1).split("e").map(Number);
  const isWhole = Number.isInteger(number) && Math.abs(number) <= LARGEST_WHOLE;
  if (isWhole || (exponent >= -4 && exponent < Math.max(digits, 4)))
    return String(isWhole ? number : Number(number.toPrecision(digits))).replace("-", "−");
  const power = `10${raised(exponent)}`;
  const text = Math.abs(mantissa) === 1 ? `${mantissa < 0 ? "-" : ""}${power}` : `${mantissa}·${power}`;
  return text.replace("-", "−");
}

/** A number in not more characters than fit into a field, as it would be typed. */
export function fitting(number, characters) {
  for (let digits = 6; digits > 1; digits -= 1) {
    const text = String(Number(number.toPrecision(digits))).replace("e+", "e");
    if (text.length <= characters) return text;
  }
  return number.toExponential(0).replace("e+", "e");
}

/** Steps of a scale that people like to read, some `wanted` of them: 0, 0.2, 0.4, … */
export function ticks(low, high, wanted = 5) {
  if (!(high > low)) return [low];
  const rough = (high - low) / Math.max(wanted, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/** What is wrong with a text that should be a number; empty if nothing is. */
export function wrongNumber(text) {
  if (typedNumber(text) !== null) return "";
  if (!text.trim()) return "Give a number.";
  const pointed = text.trim().replace(",", ".");
  return typedNumber(pointed) === null ? "This is no number: write 0.1 or 1e-3." : `Write a point: ${pointed}.`;
}

/** A power of ten as it is printed, 3.2·10⁻⁸, in the place of e-8. */
const withExponent = (text) =>
  text.replace(/[·⋅×]10([⁻⁺]?)([⁰¹²³⁴-⁹]+)$/, (_, sign, digits) => {
    const plain = [...digits].map((digit) => RAISED.indexOf(digit)).join("");
    return `e${sign === "⁻" ? "-" : ""}${plain}`;
  });

/** The number that a person typed, or null: "−0,5" is none, "−0.5" is. */
export function typedNumber(text) {
  const plain = withExponent(text.trim().replace(/[−–]/g, "-"));
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain) ? Number(plain) : null;
}
