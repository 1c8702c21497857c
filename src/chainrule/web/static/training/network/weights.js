// All weights as tables of numbers: what the drawing shows as lines, for who reads better than sees.
import { h, say } from "../../common/dom.js";
import { lowered } from "../../common/numbers.js";
import { aligned, counted } from "../numbers.js";

/** Weights of a layer that somebody would read one by one. */
const MOST = 400;

/** The tables of a run's weights. */
export function createWeights(root) {
  let tables = [];

  function prepare(run) {
    tables = run.layers.map((layer, i) => table(run, layer, i));
    root.replaceChildren(...tables.map(({ element }) => element));
  }

  function update(layers) {
    tables.forEach(({ cells, note, box }, i) => {
      const { W, b } = layers[i];
      const isReadable = Boolean(W) && cells.length > 0;
      note.hidden = isReadable;
      box.hidden = !isReadable;
      if (!isReadable) return;
      for (const c of W[0].keys()) {
        const texts = aligned([...W.map((row) => row[c]), b?.[c]]);
        cells.forEach((row, r) => {
          say(row[c], texts[r]);
          row[c].className = texts[r].startsWith("−") ? "tr-below" : "tr-above";
        });
      }
    });
  }

  return { prepare, update };
}

function table(run, layer, i) {
  const [rows, columns] = layer.shape;
  const name = `Layer ${i + 1}: W${lowered(i + 1)} and b${lowered(i + 1)}`;
  const note = h(
    "p",
    { class: "tr-faint", hidden: true },
    `${name}: ${counted(rows * columns, "weight")}, too many to read one by one.`,
  );
  const isReadable = rows * columns <= MOST;
  const from = i === 0 ? run.features : Array.from({ length: rows }, (_, r) => `unit ${r + 1} of layer ${i}`);
  const isLast = i === run.layers.length - 1;
  const to = Array.from({ length: columns }, (_, c) => (isLast ? outputName(run, c) : `unit ${c + 1}`));
  const cells = isReadable
    ? Array.from({ length: rows + 1 }, () => Array.from({ length: columns }, () => h("td", {})))
    : [];
  const body = cells.map((row, r) => h("tr", {}, h("th", { scope: "row" }, r < rows ? from[r] : "bias"), row));
  const head = h(
    "tr",
    {},
    h("td", {}),
    to.map((text) => h("th", { scope: "col" }, text)),
  );
  const box = h(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": name },
    h("table", { class: "tr-numbers" }, h("caption", {}, name), h("thead", {}, head), h("tbody", {}, body)),
  );
  return { element: h("div", {}, note, box), cells, note, box };
}

function outputName(run, c) {
  if (run.task === "multiclass") return run.classes[c];
  return run.task === "binary" ? run.classes[1] : run.target;
}
