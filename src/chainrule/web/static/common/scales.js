// From numbers to places in a picture, and back.

import { ticks } from "./numbers.js";

/** Even: a function from `low`…`high` to `start`…`end`, with `inverse`, `ticks` and `domain`. */
export function linear(low, high, start, end) {
  const span = high - low || 1;
  const scale = (value) => start + ((value - low) / span) * (end - start);
  scale.inverse = (place) => low + ((place - start) / (end - start)) * span;
  scale.ticks = (wanted) => ticks(low, high, wanted);
  scale.domain = [low, high];
  scale.isLog = false;
  return scale;
}

/** Equal factors at equal distances; `low` is above zero. */
export function logarithmic(low, high, start, end) {
  const [first, last] = [Math.log10(low), Math.log10(Math.max(high, low * 1.01))];
  const even = linear(first - (last - first) * 0.06, last + (last - first) * 0.06, start, end);
  const scale = (value) => even(Math.log10(value));
  scale.inverse = (place) => 10 ** even.inverse(place);
  scale.ticks = (wanted) => powers(first, last, wanted);
  scale.domain = [low, high];
  scale.isLog = true;
  return scale;
}

/** Powers of ten within bounds, not more than are wanted; 1, 2, 5, 10 where there are fewer than two. */
function powers(first, last, wanted) {
  const from = Math.ceil(first - 1e-9);
  const count = Math.floor(last + 1e-9) - from + 1;
  if (count >= 2) {
    const every = Math.ceil(count / wanted);
    return Array.from({ length: Math.ceil(count / every) }, (_, index) => 10 ** (from + index * every));
  }
  const all = [1, 2, 5].flatMap((factor) => [-1, 0, 1].map((power) => factor * 10 ** (Math.floor(first) + power + 1)));
  const low = 10 ** first;
  return all.filter((value) => value >= low * 0.99 && value <= 10 ** last * 1.01).sort((a, b) => a - b);
}
