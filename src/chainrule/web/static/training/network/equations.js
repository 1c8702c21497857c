// The network as equations with its weights in them: z₁ = x W₁ + b₁, layer by layer, as matrices where they are small.
import { h, say } from "../../common/dom.js";
import { weight, whole } from "../numbers.js";
import { applied, brackets, estimate, formula, indexed, m, number } from "./mathml.js";
import { inputSymbols } from "./terms.js";

/** Rows and columns of a matrix that is written out. */
const ROWS = 8;
const COLUMNS = 8;

const NOTE =
  "x is a row as the network gets it: each number less its mean and over its standard deviation, each category as 0 or 1.";

/** The equations of a run. */
export function createEquations(root) {
  let cells = [];
  let items = [];

  function prepare(run) {
    cells = [];
    const lines = run.layers.flatMap((_, i) => layerLines(run, i));
    items = [...lines, lossLine(run)].map((line) => h("li", { class: "scroll" }, line));
    root.replaceChildren(h("p", { class: "tr-faint" }, NOTE), h("ol", { class: "tr-equations" }, items));
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
    const input = i === 0 ? bold("x") : indexed("a", i);
    const symbols = formula(indexed("z", n), m("mo", "="), input, indexed("W", n), m("mo", "+"), indexed("b", n));
    const isSmall = rows <= ROWS && columns <= COLUMNS;
    const numbers = isSmall
      ? formula(
          m("mo", "="),
          brackets([inputSymbols(run, i)]),
          brackets(grid(rows, columns, n, "W")),
          m("mo", "+"),
          brackets(grid(1, columns, n, "b")),
        )
      : h("span", { class: "tr-faint" }, `with ${whole(rows)} × ${whole(columns)} weights`);
    const isLast = n === run.layers.length;
    const after = isLast
      ? head(run, n)
      : formula(indexed("a", n), m("mo", "="), applied(layer.activation, indexed("z", n)));
    return [h("span", { class: "tr-equation" }, symbols, " ", numbers), after];
  }

  function grid(rows, columns, layer, letter) {
    return Array.from({ length: rows }, (_, i) =>
      Array.from({ length: columns }, (_, j) => {
        const cell = number("0");
        cells.push({ cell, layer: layer - 1, letter, i, j });
        return cell;
      }),
    );
  }

  /** Writes the present numbers into the equations. */
  function update(layers) {
    for (const { cell, layer, letter, i, j } of cells) {
      const value = letter === "W" ? layers[layer]?.W?.[i]?.[j] : layers[layer]?.b?.[j];
      const text = value === undefined ? "·" : weight(value);
      say(cell, text);
      cell.setAttribute("class", text.startsWith("−") ? "tr-below" : "tr-above");
    }
    fit();
  }

  new ResizeObserver(fit).observe(root);
  return { prepare, update };
}

function bold(letter) {
  const node = m("mi", letter);
  node.setAttribute("mathvariant", "normal");
  return node;
}

function head(run, n) {
  const z = indexed("z", n);
  if (run.task === "regression") return formula(estimate(), m("mo", "="), z);
  return formula(estimate(), m("mo", "="), applied(run.task === "binary" ? "sigmoid" : "softmax", z));
}

function lossLine(run) {
  const mean = m("msub", m("mi", "mean"), m("mtext", "rows"));
  return h(
    "span",
    { class: "tr-equation" },
    formula(m("mi", "L"), m("mo", "="), mean),
    " ",
    h("span", {}, `${run.loss_name} of `),
    formula(estimate()),
    h("span", {}, ` and ${run.target}`),
  );
}
