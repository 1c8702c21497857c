// What can be asked for beside the names of things: the ends and steps of the sliders, to which links are held as well.

/** Ranges by what an address calls them. */
export const rangesOf = (limits) => ({
  rows: { min: 20, max: Math.min(limits.generated_rows, 1000), step: 20 },
  noise: { min: 0, max: Math.min(limits.noise, 0.5), step: 0.05 },
  "data-seed": { min: 0, max: 99, step: 1 },
  split: { min: 0, max: 0.5, step: 0.05 },
  seed: { min: 0, max: 99, step: 1 },
});

/** The number of a range that is nearest to this one. */
export function within({ min, max, step }, value) {
  const near = min + step * Math.round((Math.min(Math.max(value, min), max) - min) / step);
  return Number(Math.min(near, max).toFixed(6)); // 3 · 0.05 is 0.15
}
