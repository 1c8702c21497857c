// The network as equations with its weights in them: z₁ = x W₁ + b₁, layer by layer, as matrices where they are small.
import { h, say } from "../../common/dom.js";
import { short } from "../../common/numbers.js";
import { aligned, whole } from "../numbers.js";
import { applied, brackets, estimate, formula, indexed, m, number, transposed } from "./mathml.js";
import { inputSymbols } from "./terms.js";

/** What makes a prediction of the last z; numbers are predicted as they are. */
const HEADS = { binary: "sigmoid", multiclass: "softmax", regression: null };
/** Rows and columns of a matrix that is written out. */
const ROWS = 8;
const COLUMNS = 8;

/** The equations of a run. */
export function createEquations(root) {
  let matrices = [];
  let items = [];

  function prepare(run) {
    matrices = [];
    const lines = run.layers.flatMap((_, i) => layerLines(run, i));
    items = [...lines, lossLine(run)].map((line) => h("li", { class: "scroll" }, line));
    root.replaceChildren(
      h("p", { class: "tr-faint" }, inputNote()),
      h("ol", { class: "tr-equations" }, items),
      h("p", { class: "tr-faint" }, targetNote(run)),
    );
  }

  /** What is wider than the page scrolls, by keyboard as well. */
  function fit() {
    for (const item of items) {
      if (item.scrollWidth > item.clientWidth) item.tabIndex = 0;
      else item.removeAttribute("tabindex");
    }
  }

  function layerLines(run, i) {
    const layer = run.layers[i];
    const [rows, columns] = layer.shape;
    const n = i + 1;
    const input = i === 0 ? indexed("x") : indexed("a", i);
    const isLast = n === run.layers.length;
    // Of one output, weights are a vector and the bias is a number; vectors are rows here, as in the lesson of a row.
    const isNumber = isLast && run.task !== "multiclass";
    const left = isLast && run.task === "regression" ? estimate() : indexed("z", n);
    const W = isNumber ? transposed("W", n) : indexed("W", n);
    const symbols = formula(left, m("mo", "="), input, W, m("mo", "+"), indexed("b", n));
    const isSmall = rows <= ROWS && columns <= COLUMNS;
    const bias = () => grid(1, columns, n, "b", isNumber);
    const numbers = isSmall
      ? formula(
          m("mo", "="),
          brackets([inputSymbols(run, i)]),
          brackets(grid(rows, columns, n, "W")),
          m("mo", "+"),
          isNumber ? bias()[0][0] : brackets(bias()),
        )
      : h("span", { class: "tr-faint" }, `with ${whole(rows)} × ${whole(columns)} weights`);
    const equation = h("span", { class: "tr-equation" }, symbols, " ", numbers);
    const [to, name] = isLast ? [estimate(), HEADS[run.task]] : [indexed("a", n), layer.activation];
    return name ? [equation, formula(to, m("mo", "="), applied(name, indexed("z", n)))] : [equation];
  }

  /** The cells of a matrix; a number that stands bare behind a plus sign gets parentheses where it is negative. */
  function grid(rows, columns, layer, letter, isBare = false) {
    const cells = Array.from({ length: rows }, () => Array.from({ length: columns }, () => number("0")));
    matrices.push({ cells, layer: layer - 1, letter, isBare });
    return cells;
  }

  /** Writes the present numbers into the equations. */
  function update(layers) {
    for (const { cells, layer, letter, isBare } of matrices) {
      const { W, b } = layers[layer] ?? {};
      const rows = letter === "W" ? W : b && [b];
      const texts = aligned((rows ?? []).flat());
      cells.flat().forEach((cell, k) => {
        const text = texts[k] ?? "·";
        const isBelow = text.startsWith("−");
        say(cell, isBelow && isBare ? `(${text})` : text);
        cell.setAttribute("class", isBelow ? "tr-below" : "tr-above");
      });
    }
    fit();
  }

  new ResizeObserver(fit).observe(root);
  return { prepare, update };
}

/** L = mean of ℓ(ŷ, y) over the rows, with the penalty where there is one: what training minimises. */
function lossLine(run) {
  const rows = m("msub", m("mi", "mean"), m("mtext", "rows"));
  const room = m("mspace");
  room.setAttribute("width", "0.17em");
  const ofRow = [room, m("mi", "ℓ"), m("mo", "("), estimate(), m("mo", ","), m("mi", "y"), m("mo", ")")];
  const weights = m("msub", m("mi", "W"), m("mi", "i"));
  const square = m("msup", m("mrow", m("mo", "‖"), weights, m("mo", "‖")), number(2));
  const penalty = run.l2 ? [m("mo", "+"), number(short(run.l2 / 2)), m("msub", m("mo", "∑"), m("mi", "i")), square] : [];
  return h("span", { class: "tr-equation" }, formula(m("mi", "L"), m("mo", "="), rows, ...ofRow, ...penalty));
}

/** What x is. */
const inputNote = () => [
  letter("x"),
  " is a row as the network gets it: each number less its mean and over its standard deviation, each category as 0 or 1.",
];

/** What ℓ and y are, and in which units. */
function targetNote(run) {
  const of = [letter("ℓ"), ` is the ${run.loss_name} of a row; `, letter("y")];
  const [zero, one] = run.classes;
  if (run.task === "binary") return [...of, ` is 1 where ${run.target} is ${one}, and 0 where it is ${zero}.`];
  if (run.task === "multiclass") return [...of, ` is 1 for the class that is the row's ${run.target}, and 0 for the others.`];
  const scale = ` are standardised: ${run.in_table_units} is the prediction in the table.`;
  return [...of, ` is the column ${run.target}. `, letter("y"), " and ", estimated(), scale];
}

/** What stands within a sentence as in the formulas. */
const letter = (name) => formula(m("mi", name));
const estimated = () => formula(estimate());
