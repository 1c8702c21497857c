// The parts of the training view and where they stand; what is in them comes from the other modules.
import { freshId, h } from "../common/dom.js";

/** Where data stand no longer beside the rest; training.css has the same width. */
const NARROW = "(max-width: 67.99rem)";

/** Builds the empty parts into the root of the view. */
export function build(root) {
  const parts = {
    bar: h("div", { class: "tr-bar" }),
    banner: h("div", { class: "tr-banner", role: "alert" }),
    problem: h("div", { class: "tr-problem", role: "alert" }),
    link: h(
      "p",
      { class: "notice is-bad", role: "status", hidden: true },
      "The server is not heard. The page tries again until it answers.",
    ),
    anew: h(
      "p",
      { class: "notice", role: "status", hidden: true },
      "The server was started again, or had given this tab up: this run begins anew.",
    ),
    schema: h("section", { class: "tr-card", hidden: true, "aria-label": "Own table" }),
    model: h("section", { class: "tr-strip", "aria-label": "Model and training" }),
    data: h("section", { class: "tr-data", "aria-label": "Data" }),
    layers: h("div", { class: "tr-layers" }),
    network: h("div", {}),
    output: h("div", { class: "tr-output" }),
    curves: h("div", { class: "tr-curves" }),
    confusion: h("div", {}),
    histograms: h("div", {}),
    equations: h("div", {}),
    weights: h("div", { class: "tr-tables" }),
    takeaway: h("div", { class: "tr-takeaway" }),
    facts: h("p", { class: "tr-facts tr-faint" }, "Preparing the first run …"),
  };
  const numbers = {
    equations: folded("The equations, with the weights in them", parts.equations),
    weights: folded("The weights as numbers", parts.weights),
  };
  const cards = {
    network: card("Network", { class: "tr-card tr-network-card" }, parts.layers, parts.network, parts.facts),
    output: card("Output", { class: "tr-card tr-output-card" }, parts.output),
    curves: card("Learning curves", { class: "tr-card tr-curves-card" }, parts.curves),
    confusion: card("Confusion matrix", { class: "tr-card tr-confusion-card" }, parts.confusion),
    histograms: card("Weights and gradients", { class: "tr-card tr-histograms-card" }, parts.histograms),
  };
  const stage = h("div", { class: "tr-stage" });
  root.classList.add("training-view");
  root.append(
    parts.bar,
    parts.link,
    parts.anew,
    parts.problem,
    parts.banner,
    parts.schema,
    stage,
    numbers.equations,
    numbers.weights,
    parts.takeaway,
  );
  arrange(stage, parts, cards);
  return { ...parts, folds: numbers };
}

/**
 * Puts the parts of the stage in order, and again when the page becomes narrow or wide. Where there is room, settings
 * stand above and data at the left; where there is none, who presses play sees the output right below. The elements
 * themselves change places, so that keys and screen readers meet them in the order in which they are seen.
 */
function arrange(stage, { model, data }, { network, output, curves, confusion, histograms }) {
  const main = h("div", { class: "tr-main" });
  const rest = h("div", { class: "tr-main" });
  const narrow = matchMedia(NARROW);

  function place() {
    const focused = stage.contains(document.activeElement) ? document.activeElement : null;
    if (narrow.matches) {
      main.replaceChildren(output, network, curves);
      rest.replaceChildren(confusion, histograms);
      stage.replaceChildren(main, model, data, rest);
    } else {
      main.replaceChildren(network, output, curves, confusion, histograms);
      stage.replaceChildren(model, data, main);
    }
    focused?.focus({ preventScroll: true });
  }

  narrow.addEventListener("change", place);
  place();
}

function card(title, props, ...children) {
  const id = freshId("part");
  return h("section", { ...props, "aria-labelledby": id }, h("h2", { id }, title), children);
}

function folded(title, content) {
  return h("details", { class: "tr-card tr-fold" }, h("summary", {}, h("h2", {}, title)), content);
}
