// Weights and gradients of each layer as histograms, and what is wrong where gradients vanish, explode or stay away.
import { describe, h, say, svg } from "../../common/dom.js";
import { lowered, short } from "../../common/numbers.js";

const [WIDTH, HEIGHT] = [200, 56];
const SIGNS = { vanishing: "▽", exploding: "△", zero: "○" };

/** Histograms of all layers of a run. */
export function createHistograms(root) {
  let rows = [];

  function prepare(run) {
    rows = run.layers.map((layer, i) => row(i));
    root.replaceChildren(
      h(
        "div",
        { class: "tr-histograms" },
        rows.map(({ element }) => element),
      ),
    );
  }

  function draw(histograms) {
    if (!histograms) return;
    rows.forEach((row, i) => {
      const found = histograms[i];
      if (!found) return;
      row.weights.draw(found.weights);
      row.gradients.draw(found.gradients);
      say(row.norm, `‖∂L/∂W${lowered(i + 1)}‖ = ${short(found.norm, 3)}`);
      row.mark.hidden = !found.mark;
      if (found.mark) say(row.mark, `${SIGNS[found.mark]} ${TITLES[found.mark]}: ${found.reason}.`);
      row.element.classList.toggle("is-marked", Boolean(found.mark));
    });
  }

  return { prepare, draw };
}

const TITLES = { vanishing: "Vanishing gradient", exploding: "Exploding gradient", zero: "No gradient" };

function row(i) {
  const weights = histogram("weights", `Weights of layer ${i + 1}`);
  const gradients = histogram("gradients", `Gradients of layer ${i + 1}`);
  const norm = h("span", { class: "tr-faint tr-digits" });
  const mark = h("p", { class: "tr-mark", hidden: true });
  const element = h(
    "section",
    { "aria-label": `Layer ${i + 1}` },
    h("h3", {}, `Layer ${i + 1}`, norm),
    h("div", { class: "tr-two" }, weights.element, gradients.element),
    mark,
  );
  return { element, weights, gradients, norm, mark };
}

function histogram(kind, name) {
  const path = svg("path", { class: `tr-bars is-${kind}` });
  const zero = svg("line", { class: "tr-zero", y1: 0, y2: HEIGHT });
  const picture = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": name, preserveAspectRatio: "none" },
    path,
    zero,
  );
  const [low, high] = [h("span"), h("span")];
  const element = h(
    "figure",
    { class: "tr-histogram" },
    h("figcaption", {}, kind),
    picture,
    h("div", { class: "tr-ends tr-digits", "aria-hidden": "true" }, low, high),
  );

  function draw(found) {
    element.classList.toggle("is-empty", !found);
    if (!found) {
      path.setAttribute("d", "");
      return describe(picture, `${name}: not finite`);
    }
    const { edges, counts } = found;
    const [first, last] = [edges[0], edges.at(-1)];
    path.setAttribute("d", bars(counts));
    const at = (-first / (last - first)) * WIDTH;
    zero.setAttribute("visibility", at >= 0 && at <= WIDTH ? "visible" : "hidden");
    zero.setAttribute("x1", at.toFixed(1));
    zero.setAttribute("x2", at.toFixed(1));
    say(low, short(first, 2));
    say(high, short(last, 2));
    const peak = edges[counts.indexOf(Math.max(...counts))];
    describe(picture, `${name}: from ${short(first, 2)} to ${short(last, 2)}, most of them near ${short(peak, 2)}`);
  }

  return { element, draw };
}

function bars(counts) {
  const most = Math.max(...counts, 1);
  const step = WIDTH / counts.length;
  // A single weight in a bin is seen as well.
  return counts
    .map((count, i) => {
      const height = count ? Math.max(2, (count / most) * HEIGHT) : 0;
      return `M${(i * step + 0.5).toFixed(1)} ${HEIGHT}v${-height.toFixed(1)}h${(step - 1).toFixed(1)}V${HEIGHT}z`;
    })
    .join("");
}
