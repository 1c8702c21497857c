// What one unit computes, as a formula with its weights in it.
import { weight } from "../numbers.js";
import { estimate, formula, functionName, indexed, m, number } from "./mathml.js";

/** Products that are written out. */
const MOST = 8;

/** The symbols of what comes into a layer: features by their names, hidden units as a₁,₂. */
export function inputSymbols(run, layer) {
  if (layer > 0) return Array.from({ length: run.layers[layer].shape[0] }, (_, i) => indexed("a", layer, i + 1));
  return run.features.map((name) => (/^x\d+$/.test(name) ? indexed("x", name.slice(1)) : m("mtext", name)));
}

/**
 * The formula of unit j of a layer, a₁,₂ = tanh(0.53 x₁ − 1.20 x₂ + 0.10), in pieces that may stand on several lines.
 *
 * @returns {Element[]}
 */
export function unitFormula(run, layers, layer, j) {
  const { W, b } = layers[layer];
  const isLast = layer === run.layers.length - 1;
  const left = isLast ? outputSymbol(run, j) : indexed("a", layer + 1, j + 1);
  const name = isLast ? HEADS[run.task] : run.layers[layer].activation;
  const isPlain = !name || name === "identity";
  const start = [left, m("mo", "="), ...(isPlain ? [] : [functionName(name), fence("(")])];
  const column = W?.map((row) => row[j]);
  const sum = column
    ? terms(column, b?.[j], inputSymbols(run, layer))
    : [[m("mtext", `a sum of ${run.layers[layer].shape[0]} products`)]];
  if (!isPlain) sum.at(-1).push(fence(")"));
  const units = isLast && run.task === "regression" ? [[m("mtext", `(${run.in_table_units} in the table)`)]] : [];
  return [start, ...sum, ...units].map((parts) => formula(...parts));
}

const HEADS = { binary: "sigmoid", multiclass: null, regression: null };

function outputSymbol(run, j) {
  return run.task === "multiclass" ? indexed("z", run.layers.length, j + 1) : estimate();
}

/** The summands, each with its sign before it. */
function terms(weights, bias, symbols) {
  const shown = weights.length <= MOST ? [...weights.keys()] : largest(weights);
  const found = shown.map((i, k) => [...signed(weights[i], k === 0), m("mo", "\u2062"), symbols[i].cloneNode(true)]);
  if (weights.length > MOST) found.push([infix("+"), m("mo", "…")]);
  if (bias !== undefined && bias !== null) found.push(signed(bias, false));
  return found;
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
  return [infix(isBelow ? "−" : "+"), digits];
}

/** A parenthesis whose partner stands in another piece. */
function fence(sign) {
  const node = m("mo", sign);
  node.setAttribute("stretchy", "false");
  return node;
}

/** A sign between two terms, also where the one before it is on another line. */
function infix(sign) {
  const node = m("mo", sign);
  node.setAttribute("form", "infix");
  return node;
}
