// Loss, and accuracy of classes, over the epochs: training rows and validation rows.
import { lineChart } from "../common/chart.js";
import { h } from "../common/dom.js";

const EMPTY = "Press play: each epoch gives a point.";

/** The curves of a run. */
export function createCurves(root) {
  const losses = lineChart({ label: "Loss over epochs", xLabel: "epoch", yLabel: "", empty: EMPTY });
  const shares = lineChart({ label: "Accuracy over epochs", xLabel: "epoch", yLabel: "", empty: EMPTY });
  const log = h("input", { type: "checkbox", onchange: () => last && draw(last) });
  const accuracy = h("div", {}, h("h3", {}, "Accuracy"), shares.element);
  root.append(
    h(
      "div",
      {},
      h("h3", { class: "tr-with-tool" }, "Loss", h("label", { class: "check" }, log, "log scale")),
      losses.element,
    ),
    accuracy,
  );
  let last = null;

  function prepare(run) {
    last = null;
    accuracy.hidden = run.task === "regression";
    losses.draw([]);
    shares.draw([]);
  }

  function draw(curves) {
    last = curves;
    losses.draw(lines(curves), { scale: log.checked ? "log" : "linear" });
    if (curves.accuracy) shares.draw(lines(curves.accuracy), { scale: "linear" });
  }

  return { prepare, draw };
}

function lines({ epoch, training, validation }) {
  const curves = [{ name: "training", mark: "first", x: epoch, y: training }];
  if (validation) curves.push({ name: "validation", mark: "second", x: epoch, y: validation });
  return epoch.length ? curves : [];
}
