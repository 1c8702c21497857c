// Numbers for people: four significant digits, a true minus sign, powers of ten with raised digits.

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const LOWERED = "₀₁₂₃₄₅₆₇₈₉";

const raised = (exponent) => String(exponent).replace("-", "⁻").replace(/\d/g, (digit) => RAISED[digit]);

/** The index of a letter: W₁₂. */
export const lowered = (index) => String(index).replace(/\d/g, (digit) => LOWERED[digit]);

/** A number as text, to some significant digits; a dash where there is none. */
export function short(number, digits = 4) {
  if (number === null || number === undefined || Number.isNaN(number)) return "–";
  if (!Number.isFinite(number)) return number > 0 ? "∞" : "−∞";
  const size = Math.abs(number);
  let text;
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) {
    const [mantissa, exponent] = number.toExponential(digits - 1).split("e");
    const power = `10${raised(Number(exponent))}`;
    const isPower = Math.abs(Number(mantissa)) === 1;
    text = isPower ? `${number < 0 ? "-" : ""}${power}` : `${Number(mantissa)} · ${power}`;
  } else {
    text = String(Number(number.toPrecision(digits)));
  }
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

/** The number that a person typed, or null: "−0,5" is none, "−0.5" is. */
export function typedNumber(text) {
  const plain = text.trim().replace(/[−–]/g, "-");
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain) ? Number(plain) : null;
}
