// The weights between the columns as lines: the wider the larger, solid and blue above zero, dashed and orange below.
import { svg } from "../../common/dom.js";
import { weight } from "../numbers.js";

const WIDEST = 6;

/**
 * Draws the lines of a plan into an SVG.
 *
 * @returns {{update: (layers: {W: number[][] | null}[]) => void, light: (layer: number, unit: number | null) => void}}
 */
export function drawLinks(picture, plan) {
  const links = [];
  for (const [c, column] of plan.columns.entries()) {
    if (c === 0) continue;
    const before = plan.columns[c - 1];
    column.y.forEach((y1, to) => {
      before.y.forEach((y0, from) => links.push(link(plan, before, column, { from, to, y0, y1 })));
    });
  }
  const labels = svg("g", { class: "tr-weights" });
  picture.setAttribute("viewBox", `0 0 ${plan.width} ${plan.height}`);
  picture.replaceChildren(
    svg(
      "g",
      {},
      links.map((one) => one.line),
    ),
    svg(
      "g",
      {},
      links.map((one) => one.reach),
    ),
    labels,
  );
  let lit = { layer: null, unit: null };
  let values = [];

  function update(layers) {
    values = layers;
    const largest = layers.map(({ W }) => (W ? Math.max(1e-12, ...W.flat().map((value) => Math.abs(value ?? 0))) : 1));
    for (const one of links) paint(one, layers[one.layer]?.W?.[one.i]?.[one.j], largest[one.layer]);
    label();
  }

  function light(layer, unit) {
    lit = { layer, unit };
    for (const one of links)
      one.line.classList.toggle("is-dim", layer !== null && (one.layer !== layer || one.j !== unit));
    label();
  }

  /** The numbers of the links into the unit that is looked at. */
  function label() {
    const shown = links.filter((one) => one.layer === lit.layer && one.j === lit.unit);
    while (labels.childElementCount > shown.length) labels.lastChild.remove();
    while (labels.childElementCount < shown.length) labels.append(svg("text", { "text-anchor": "middle" }));
    shown.forEach((one, k) => {
      const text = labels.children[k];
      // Labels stand nearer to where their lines begin, since the lines come together at the unit.
      const x = one.x0 + (one.x1 - one.x0) * 0.36;
      text.setAttribute("x", x);
      text.setAttribute("y", one.y0 + (one.y1 - one.y0) * bend(0.36) + 4);
      text.textContent = weight(values[one.layer]?.W?.[one.i]?.[one.j]);
    });
  }

  return { update, light };
}

function link(plan, before, column, { from, to, y0, y1 }) {
  const [x0, x1] = [before.x + plan.node / 2, column.x - plan.node / 2];
  const middle = (x0 + x1) / 2;
  const d = `M${x0} ${y0}C${middle} ${y0} ${middle} ${y1} ${x1} ${y1}`;
  const place = { layer: column.layer, i: before.indices[from], j: column.indices[to] };
  const line = svg("path", { d, class: "tr-link", fill: "none" });
  const reach = svg("path", {
    d,
    class: "tr-reach",
    fill: "none",
    "data-layer": place.layer,
    "data-i": place.i,
    "data-j": place.j,
  });
  return { ...place, x0, x1, y0, y1, line, reach, width: null, sign: null };
}

function paint(one, value, largest) {
  const isKnown = value !== undefined && value !== null;
  const share = isKnown ? Math.abs(value) / largest : 0;
  const width = isKnown ? (0.6 + (WIDEST - 0.6) * share).toFixed(1) : "0.75";
  const sign = !isKnown ? "is-unknown" : value < 0 ? "is-below" : "is-above";
  if (width !== one.width) one.line.setAttribute("stroke-width", (one.width = width));
  if (sign !== one.sign) {
    if (one.sign) one.line.classList.remove(one.sign);
    one.line.classList.add((one.sign = sign));
  }
}

/** The height along a link, as a share, at a share of its way: that of its curve. */
const bend = (t) => 3 * t * t - 2 * t * t * t;
