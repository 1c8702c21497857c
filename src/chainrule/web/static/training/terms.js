// What one unit computes, as a formula with its weights in it.
import { applied, indexed, m, number } from "./mathml.js";
import { weight } from "./numbers.js";

/** Products that are written out. */
const MOST = 8;

/** The symbols of what comes into a layer: features by their names, hidden units as a₁,₂. */
export function inputSymbols(run, layer) {
  if (layer > 0) return Array.from({ length: run.layers[layer].shape[0] }, (_, i) => indexed("a", layer, i + 1));
  return run.features.map((name) => (/^x\d+$/.test(name) ? indexed("x", name.slice(1)) : m("mtext", name)));
}

/** The formula of unit j of a layer: a₁,₂ = tanh(0.53 x₁ − 1.20 x₂ + 0.10). */
export function unitFormula(run, layers, layer, j) {
  const { W, b } = layers[layer];
  const isLast = layer === run.layers.length - 1;
  const left = isLast ? outputSymbol(run, j) : indexed("a", layer + 1, j + 1);
  const sum = W
    ? terms(
        W.map((row) => row[j]),
        b?.[j],
        inputSymbols(run, layer),
      )
    : [m("mtext", `a sum of ${run.layers[layer].shape[0]} products`)];
  const head = isLast ? HEADS[run.task] : run.layers[layer].activation;
  return m("math", m("mrow", left, m("mo", "="), applied(head, ...sum)));
}

const HEADS = { binary: "sigmoid", multiclass: null, regression: null };

function outputSymbol(run, j) {
  if (run.task === "multiclass") return indexed("z", run.layers.length, j + 1);
  const hat = m("mover", m("mi", "y"), m("mo", "^"));
  hat.setAttribute("accent", "true");
  return hat;
}

function terms(weights, bias, symbols) {
  const shown = weights.length <= MOST ? [...weights.keys()] : largest(weights);
  const parts = shown.flatMap((i, k) => [
    ...signed(weights[i], k === 0),
    m("mo", "\u2062"),
    symbols[i].cloneNode(true),
  ]);
  if (weights.length > MOST) parts.push(m("mo", "+"), m("mo", "…"));
  if (bias !== undefined && bias !== null) parts.push(...signed(bias, false));
  return parts;
}

const largest = (weights) =>
  [...weights.keys()]
    .sort((a, b) => Math.abs(weights[b]) - Math.abs(weights[a]))
    .slice(0, MOST)
    .sort((a, b) => a - b);

function signed(value, isFirst) {
  const text = weight(value);
  const isBelow = text.startsWith("−");
  const digits = number(isBelow ? text.slice(1) : text);
  digits.setAttribute("class", isBelow ? "tr-below" : "tr-above");
  if (isFirst) return isBelow ? [m("mo", "−"), digits] : [digits];
  return [m("mo", isBelow ? "−" : "+"), digits];
}
