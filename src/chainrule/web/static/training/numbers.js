// Numbers of networks, beside those of common/numbers.js.
import { short } from "../common/numbers.js";

/** A weight: two decimals where these say enough, so that columns of numbers stay calm. */
export function weight(value) {
  if (value === null || value === undefined) return "not finite";
  const size = Math.abs(value);
  if (size >= 1000) return short(value, 2);
  return value.toFixed(size >= 0.005 || size < 0.00005 ? 2 : 4).replace("-", "−");
}

/** Weights that stand below each other: all have as many decimals, four digits of the largest or three decimals. */
export function aligned(values) {
  const isKnown = (value) => value !== null && value !== undefined;
  const largest = Math.max(...values.filter(isKnown).map(Math.abs)) || 1;
  const whole = Math.floor(Math.log10(largest)) + 1; // digits before the point
  if (whole > 6) return values.map(weight);
  const decimals = whole > 0 ? Math.max(4 - whole, 0) : Math.min(3 - whole, 6);
  return values.map((value) => (isKnown(value) ? value.toFixed(decimals).replace("-", "−") : weight(value)));
}

/** A loss as the bar shows it, about as wide as the one before. */
export function loss(value) {
  if (value === null || value === undefined) return "–";
  if (value >= 0.001 && value < 1000) return value.toPrecision(3);
  if (value >= 0.00001 && value < 0.001) return value.toFixed(6);
  return short(value, 2);
}

/** How well numbers are predicted, at most 1; what is far below 0 is just that. */
export function r2(value) {
  if (value === null || value === undefined) return "–";
  return value < -99 ? "< −99" : value.toFixed(3).replace("-", "−");
}

/** A share as a percentage. */
export function percent(share, digits = 1) {
  if (share === null || share === undefined) return "–";
  return share === 1 ? "100 %" : `${(100 * share).toFixed(digits)} %`;
}

/** A whole number with commas. */
export const whole = (value) => value.toLocaleString("en");

/** One thing, two things. */
export const counted = (count, one, many = `${one}s`) => `${whole(count)} ${count === 1 ? one : many}`;

/** How finely numbers of a range are told: the digits after the point. */
export function plain(value, [low, high]) {
  const decimals = Math.min(Math.max(2 - Math.floor(Math.log10(high - low || 1)), 0), 6);
  return value.toFixed(decimals).replace("-", "−");
}
