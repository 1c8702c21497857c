// What colours and shapes of the plot mean.
import { h, sized } from "../../common/dom.js";
import { short } from "../../common/numbers.js";
import { pick } from "../palette.js";
import { drawPoint } from "./points.js";
import { shapeName } from "./shapes.js";

const SIDE = 20;

/** Writes the legend of a run: classes with their shapes or a bar of numbers, and how the parts of the table look. */
export function drawLegend(root, run, palette, range) {
  const entries =
    run.task === "regression"
      ? [colourBar(palette, range, run.target)]
      : run.classes.map((name, k) => entry(palette, { target: k, range: null }, name, shapeName(k)));
  const isNumber = run.task === "regression";
  const sample = {
    target: isNumber ? (range[0] + range[1]) / 2 : 0,
    range: isNumber ? range : null,
    ink: isNumber ? null : palette.ink,
  };
  const parts = [entry(palette, sample, `training (${run.rows.training})`, "filled")];
  if (run.rows.validation)
    parts.push(entry(palette, { ...sample, isValidation: true }, `validation (${run.rows.validation})`, "ring"));
  root.replaceChildren(h("ul", { "aria-label": run.target }, entries), h("ul", { "aria-label": "Rows" }, parts));
}

function entry(palette, point, name, shape) {
  const canvas = h("canvas", { role: "img", "aria-label": shape });
  const context = sized(canvas, SIDE, SIDE);
  drawPoint(context, palette, { isValidation: false, ...point, x: SIDE / 2, y: SIDE / 2, radius: 5 });
  return h("li", {}, canvas, h("span", {}, name));
}

function colourBar(palette, [low, high], name) {
  const canvas = h("canvas", {
    class: "tr-bar-canvas",
    role: "img",
    "aria-label": `colours of ${name} from ${short(low, 3)} to ${short(high, 3)}`,
  });
  const context = sized(canvas, 160, 12);
  for (let x = 0; x < 160; x += 1) {
    context.fillStyle = `rgb(${pick(palette.numbers, x / 159).join(" ")})`;
    context.fillRect(x, 0, 1.5, 12);
  }
  return h(
    "li",
    { class: "tr-bar-entry" },
    h("span", {}, name),
    h("span", { class: "tr-digits" }, short(low, 3)),
    canvas,
    h("span", { class: "tr-digits" }, short(high, 3)),
  );
}
