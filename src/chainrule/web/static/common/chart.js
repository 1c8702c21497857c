// Curves over steps or epochs. Told apart by colour, dash and a name at their end; read out by a text, and by pointing.

import { h, svg } from "./dom.js";
import { short, ticks } from "./numbers.js";
import { linear, logarithmic } from "./scales.js";

const MARGIN = { top: 10, right: 12, bottom: 26, left: 48 };
const GAP = 15; // between names at the ends of curves

/**
 * @typedef {{name: string, mark?: "first"|"second"|"third", x: number[], y: (number|null)[]}} Curve
 *
 * @param {object} given
 * @param {string} given.label What the picture shows, for who cannot see it.
 * @param {string} given.xLabel
 * @param {string} given.yLabel
 * @param {string} [given.empty] What stands there before there is a curve; `draw` may say something else.
 * @returns {{element: HTMLElement, draw: (curves: Curve[], options?: {scale?: "auto"|"linear"|"log", empty?: string}) => void}}
 *   The height is that of the class `chart` in the style sheet.
 */
export function lineChart({ label, xLabel, yLabel, empty = "" }) {
  const picture = svg("svg", { class: "chart-picture", role: "img", "aria-label": label });
  const readout = h("p", { class: "chart-readout", "aria-hidden": "true" });
  const element = h("figure", { class: "chart" }, picture, readout);
  let drawn = { curves: [], scale: "auto", words: empty };
  let place = null;

  function draw(curves, { scale = "auto", empty: words = empty } = {}) {
    drawn = { curves: curves.filter((curve) => curve.y.some((value) => Number.isFinite(value))), scale, words };
    redraw();
  }

  function redraw() {
    const [width, height] = [element.clientWidth, element.clientHeight];
    if (!width || !height) return;
    picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    place = drawn.curves.length ? placement(drawn, width, height) : null;
    picture.setAttribute("aria-label", place ? `${label}. ${summary(drawn.curves, xLabel)}` : `${label}. ${drawn.words}`);
    const parts = place
      ? [axes(place, xLabel, yLabel), drawn.curves.map((curve) => line(curve, place)), names(drawn.curves, place)]
      : [svg("text", { class: "chart-empty", x: width / 2, y: height / 2, "text-anchor": "middle" }, drawn.words)];
    picture.replaceChildren(...parts.flat());
    point(null);
  }

  function point(event) {
    picture.querySelector(".chart-cursor")?.remove();
    if (!event || !place) return void (readout.textContent = "");
    const at = place.x.inverse(event.clientX - picture.getBoundingClientRect().left);
    const found = drawn.curves.map((curve) => nearest(curve, at));
    const x = found[0].x;
    readout.textContent = [`${xLabel} ${short(x)}`, ...found.map(({ y, name }) => `${name} ${short(y)}`)].join(" · ");
    const dots = found
      .filter(({ y }) => Number.isFinite(y))
      .map(({ x, y, mark }) => svg("circle", { class: `chart-dot ${mark}`, cx: place.x(x), cy: place.y(y), r: 4 }));
    const rule = svg("line", { x1: place.x(x), x2: place.x(x), y1: place.top, y2: place.bottom });
    picture.append(svg("g", { class: "chart-cursor" }, rule, dots));
  }

  picture.addEventListener("pointermove", point);
  picture.addEventListener("pointerleave", () => point(null));
  new ResizeObserver(redraw).observe(element);
  return { element, draw };
}

/** Where numbers stand in the picture. */
function placement({ curves, scale }, width, height) {
  const xs = curves.flatMap((curve) => [curve.x[0], curve.x.at(-1)]);
  const ys = curves.flatMap((curve) => curve.y).filter((value) => Number.isFinite(value));
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const isLog = scale === "log" || (scale === "auto" && low > 0 && high / low > 50);
  const room = curves.length > 1 ? Math.max(...curves.map((curve) => curve.name.length)) * 7.2 + 10 : 0;
  const [left, right] = [MARGIN.left, width - MARGIN.right - room];
  const [top, bottom] = [MARGIN.top, height - MARGIN.bottom];
  return {
    x: linear(Math.min(...xs), Math.max(...xs, Math.min(...xs) + 1), left, right),
    y: isLog && low > 0 ? logarithmic(low, high, bottom, top) : linear(...padded(low, high), bottom, top),
    ...{ left, right, top, bottom, width, height },
  };
}

/** Room above and below; a loss that is never negative keeps its zero if it comes near it. */
function padded(low, high) {
  const span = high - low || Math.abs(high) || 1;
  const floor = low >= 0 && low < span * 0.5 ? 0 : low - span * 0.08;
  return [floor, high + span * 0.06];
}

function axes(place, xLabel, yLabel) {
  const across = place.y.ticks(Math.max(2, Math.floor((place.bottom - place.top) / 38)));
  const along = ticks(...place.x.domain, Math.max(2, Math.floor((place.right - place.left) / 70)));
  const grid = across.map((value) => {
    const y = place.y(value);
    return svg(
      "g",
      { class: "chart-tick" },
      svg("line", { x1: place.left, x2: place.right, y1: y, y2: y }),
      svg("text", { x: place.left - 8, y: y + 4, "text-anchor": "end" }, short(value, 3)),
    );
  });
  const marks = along
    .filter((value) => Number.isInteger(value) && place.x(value) < place.right - xLabel.length * 7 - 16)
    .map((value) => svg("text", { x: place.x(value), y: place.bottom + 18, "text-anchor": "middle" }, short(value, 6)));
  const nameOfX = svg("text", { class: "chart-name", x: place.right, y: place.bottom + 18, "text-anchor": "end" }, xLabel);
  const nameOfY = svg("text", { class: "chart-name", x: place.left + 6, y: place.top + 8 }, yLabel);
  return svg("g", { class: "chart-axes", "aria-hidden": "true" }, grid, marks, nameOfX, nameOfY);
}

function line(curve, place) {
  let path = "";
  let isOn = false;
  curve.y.forEach((value, index) => {
    const isPoint = Number.isFinite(value) && (value > 0 || !place.y.isLog);
    if (isPoint) path += `${isOn ? "L" : "M"}${place.x(curve.x[index]).toFixed(1)} ${place.y(value).toFixed(1)}`;
    isOn = isPoint;
  });
  const isDot = curve.y.length === 1;
  return svg("path", {
    class: `chart-line ${curve.mark ?? "first"}`,
    d: isDot ? `${path}h0.01` : path,
    fill: "none",
    "stroke-linecap": isDot ? "round" : "butt",
  });
}

/** Names at the ends of the curves, moved apart where they would touch. */
function names(curves, place) {
  if (curves.length < 2) return [];
  const ends = curves
    .map((curve) => ({ curve, y: place.y(curve.y.findLast((value) => Number.isFinite(value))) }))
    .sort((a, b) => a.y - b.y);
  ends.forEach((end, index) => {
    if (index) end.y = Math.max(end.y, ends[index - 1].y + GAP);
  });
  const excess = Math.max(0, ends.at(-1).y - place.bottom);
  return ends.map(({ curve, y }) =>
    svg(
      "text",
      { class: `chart-end ${curve.mark ?? "first"}`, x: place.right + 8, y: y - excess + 4, "aria-hidden": "true" },
      curve.name,
    ),
  );
}

function nearest({ name, mark = "first", x, y }, at) {
  let best = 0;
  for (let index = 1; index < x.length; index += 1) {
    if (Math.abs(x[index] - at) < Math.abs(x[best] - at)) best = index;
  }
  return { name, mark, x: x[best], y: y[best] };
}

function summary(curves, xLabel) {
  return curves
    .map(({ name, x, y }) => {
      const finite = y.filter((value) => Number.isFinite(value));
      const lowest = Math.min(...finite);
      const where = x[y.indexOf(lowest)];
      return `${name}: ${short(finite[0])} at first, ${short(finite.at(-1))} at ${xLabel} ${short(x.at(-1))}, lowest ${short(lowest)} at ${xLabel} ${short(where)}.`;
    })
    .join(" ");
}
