// Loss and score over the epochs: training rows and validation rows.
import { lineChart } from "../../common/chart.js";
import { h, say } from "../../common/dom.js";

const EMPTY = "Press play: each epoch gives a point.";
/** An R² below this is as bad as any; to draw it would leave nothing to see of those above. */
const WORST = -1;
const BELOW = "R² is below −1 at every epoch.";

/** What a point of the losses is: those of training rows are of many steps, so that they can lie above the others. */
const MEANING = "Epoch 0 is before the first step. The training loss of an epoch is the mean while its steps are taken;";

/** The curves of a run. */
export function createCurves(root) {
  const losses = lineChart({ label: "Loss over epochs", xLabel: "epoch", yLabel: "", empty: EMPTY });
  const scores = {
    accuracy: lineChart({ label: "Accuracy over epochs", xLabel: "epoch", yLabel: "", empty: EMPTY }),
    r2: lineChart({ label: "R² over epochs", xLabel: "epoch", yLabel: "", empty: EMPTY }),
  };
  const log = h("input", { type: "checkbox", onchange: () => last && draw(last) });
  const name = h("h3");
  const note = h("p", { class: "tr-faint tr-curve-note" });
  const tool = h("label", { class: "check" }, log, "log scale");
  root.append(
    h("div", {}, h("h3", { class: "tr-with-tool" }, "Loss", tool), losses.element),
    h("div", {}, name, scores.accuracy.element, scores.r2.element),
    note,
  );
  let last = null;

  function prepare(run) {
    last = null;
    const isNumber = run.task === "regression";
    say(name, isNumber ? "R²" : "Accuracy");
    say(note, `${MEANING} ${isNumber ? "R²" : "accuracy"}${run.rows.validation ? " and validation loss are" : " is"} measured after it.`);
    scores.accuracy.element.hidden = isNumber;
    scores.r2.element.hidden = !isNumber;
    for (const chart of [losses, scores.accuracy, scores.r2]) chart.draw([]);
  }

  function draw(curves) {
    last = curves;
    losses.draw(lines(curves), { scale: log.checked ? "log" : "linear" });
    if (curves.accuracy) scores.accuracy.draw(lines(curves.accuracy), { scale: "linear" });
    if (!curves.r2) return;
    scores.r2.draw(lines(curves.r2, WORST), { scale: "linear", empty: curves.r2.epoch.length ? BELOW : EMPTY });
  }

  return { prepare, draw };
}

function lines({ epoch, training, validation }, least = -Infinity) {
  const drawn = (values) => values.map((value) => (value === null || value < least ? null : value));
  const curves = [{ name: "training", mark: "first", x: epoch, y: drawn(training) }];
  if (validation) curves.push({ name: "validation", mark: "second", x: epoch, y: drawn(validation) });
  return epoch.length ? curves : [];
}
