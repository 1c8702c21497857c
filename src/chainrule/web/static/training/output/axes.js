// The frame around a plot: ticks and names of both axes, and the way from numbers to pixels.
import { svg } from "../../common/dom.js";
import { short, ticks } from "../../common/numbers.js";
import { dateTicks } from "./dates.js";

/** Room around the plot, in pixels. */
export const MARGIN = { left: 52, right: 12, top: 26, bottom: 44 };

/** From the numbers of a point to pixels in a plot of this size. */
export function placer(range, width, height) {
  const [x0, x1] = range.x;
  const [y0, y1] = range.y;
  return (x, y) => [((x - x0) / (x1 - x0 || 1)) * width, (1 - (y - y0) / (y1 - y0 || 1)) * height];
}

/** Ticks of one axis, and its name; what is counted in days is shown as dates. */
function scaleOf({ name, is_date: isDate }, [low, high], wanted) {
  if (!isDate) return { name, marks: ticks(low, high, wanted).map((value) => ({ value, text: short(value) })) };
  const { ticks: marks, year } = dateTicks(low, high, wanted);
  return { name: year ? `${name} (${year})` : name, marks };
}

/** Draws ticks and names into an SVG that lies over plot and margins. */
export function drawAxes(picture, { range, features, width, height }) {
  const place = placer(range, width, height);
  const { left, top } = MARGIN;
  picture.setAttribute("viewBox", `0 0 ${width + left + MARGIN.right} ${height + top + MARGIN.bottom}`);
  const bottom = top + height;
  const scales = [
    scaleOf(features[0], range.x, Math.max(2, Math.floor(width / 60))),
    scaleOf(features[1], range.y, Math.max(2, Math.floor(height / 60))),
  ];
  const along = scales[0].marks.map(({ value, text }) => {
    const x = left + place(value, 0)[0];
    return svg(
      "g",
      {},
      svg("line", { x1: x, x2: x, y1: bottom, y2: bottom + 5 }),
      svg("text", { x, y: bottom + 19, "text-anchor": "middle" }, text),
    );
  });
  const up = scales[1].marks.map(({ value, text }) => {
    const y = top + place(0, value)[1];
    return svg(
      "g",
      {},
      svg("line", { x1: left - 5, x2: left, y1: y, y2: y }),
      svg("text", { x: left - 9, y: y + 4.5, "text-anchor": "end" }, text),
    );
  });
  picture.replaceChildren(
    ...along,
    ...up,
    svg("text", { class: "tr-axis-name", x: left + width / 2, y: bottom + 39, "text-anchor": "middle" }, scales[0].name),
    svg("text", { class: "tr-axis-name", x: left, y: top - 9 }, scales[1].name),
    svg("rect", { class: "tr-rim", x: left, y: top, width, height, fill: "none" }),
  );
}
