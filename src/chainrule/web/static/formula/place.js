// Where somebody is in a lesson, told so that the place is found in another lesson of the same formula.

const numbers = (text) => (text ?? "").split(" ").filter(Boolean).map(Number);

const counts = (root) => {
  const forward = Number(root.dataset.forward);
  return { forward, total: root.querySelectorAll("[data-step]").length };
};

const vertexOf = (root, symbol) =>
  [...root.querySelectorAll(".picture .cr-vertex")].find((vertex) => vertex.dataset.symbol === symbol);

/**
 * @param {Element} root The lesson.
 * @param {number} step
 * @returns {object|null} Null where all steps are shown.
 */
export function placeOf(root, step) {
  if (!step) return null;
  const { forward, total } = counts(root);
  const phase = step > forward ? "backward" : "forward";
  const [done, all] = phase === "backward" ? [step - forward, total - forward] : [step, forward];
  const isHere = (vertex) => numbers(vertex.dataset[phase]).includes(done);
  const vertex = [...root.querySelectorAll(".picture .cr-vertex")].find(isHere);
  return { phase, symbol: vertex?.dataset.symbol, share: done / all };
}

/** The step of the same node in the same pass, or where there is none, that which lies as far into the pass. */
export function stepAt(root, place) {
  if (!place) return 0;
  const { phase, symbol, share } = place;
  const { forward, total } = counts(root);
  const [before, all] = phase === "backward" ? [forward, total - forward] : [0, forward];
  const [same] = numbers(vertexOf(root, symbol)?.dataset[phase]);
  return before + (same ?? Math.max(Math.round(share * all), Math.min(all, 1)));
}
