// The parts of the training view and where they stand; what is in them comes from the other modules.
import { freshId, h } from "../common/dom.js";

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
  const cards = [
    card("Network", { class: "tr-card tr-network-card" }, parts.layers, parts.network, parts.facts),
    card("Output", { class: "tr-card tr-output-card" }, parts.output),
    card("Learning curves", { class: "tr-card tr-curves-card" }, parts.curves),
    card("Confusion matrix", { class: "tr-card tr-confusion-card" }, parts.confusion),
    card("Weights and gradients", { class: "tr-card tr-histograms-card" }, parts.histograms),
  ];
  root.classList.add("training-view");
  root.append(
    parts.bar,
    parts.link,
    parts.problem,
    parts.banner,
    parts.schema,
    parts.model,
    h("div", { class: "tr-stage" }, parts.data, h("div", { class: "tr-main" }, cards)),
    numbers.equations,
    numbers.weights,
    parts.takeaway,
  );
  return { ...parts, folds: numbers };
}

function card(title, props, ...children) {
  const id = freshId("part");
  return h("section", { ...props, "aria-labelledby": id }, h("h2", { id }, title), children);
}

function folded(title, content) {
  return h("details", { class: "tr-card tr-fold" }, h("summary", {}, h("h2", {}, title)), content);
}
