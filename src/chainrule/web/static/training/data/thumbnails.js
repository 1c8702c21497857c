// Small pictures of the generated data sets, drawn from their points.
import { h, releaseAfterPointer, sized } from "../../common/dom.js";
import { drawPoint } from "../output/points.js";

const [WIDTH, HEIGHT] = [60, 46];
const EDGE = 5;

/** A radio button with the picture of a data set. */
export function thumbnail(set, { name, onChoose }) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const input = h("input", { type: "radio", name, value: set.id, onchange: () => onChoose(set) });
  const element = h("label", { class: "tr-thumbnail", title: set.note }, input, canvas, h("span", {}, set.title));
  releaseAfterPointer(input, element);

  let points = null;

  function draw(palette) {
    const context = sized(canvas, WIDTH, HEIGHT);
    if (!points) return;
    const { x, y, target } = points;
    const [xs, ys] = [scale(x, EDGE, WIDTH - EDGE), scale(y, HEIGHT - EDGE, EDGE)];
    const range = set.task === "regression" ? [Math.min(...target), Math.max(...target)] : null;
    x.forEach((_, i) =>
      drawPoint(context, palette, {
        x: xs(x[i]),
        y: ys(y[i]),
        target: target[i],
        isValidation: false,
        range,
        radius: 1.9,
      }),
    );
  }

  return {
    id: set.id,
    element,
    input,
    draw,
    /** Takes the points, which come a little later than the rest of the page. */
    take(preview, palette) {
      points = preview;
      draw(palette);
    },
  };
}

function scale(values, from, to) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return (value) => from + ((value - low) / (high - low || 1)) * (to - from);
}
