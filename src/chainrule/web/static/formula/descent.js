// Gradient descent on the values: a step or fifty, and the curve of the loss.

import { post } from "../api.js";
import { lineChart } from "../common/chart.js";
import { h } from "../common/dom.js";
import { short } from "../common/numbers.js";
import { byFactors, stepper } from "../common/stepper.js";
import { errorBox } from "./editor.js";

const MANY = 50;

/**
 * @param {HTMLElement} host
 * @param {object} told
 * @param {() => object} told.asked What the server needs to know: statements, values and names.
 * @param {(values: Record<string, string>) => void} told.onValues
 * @param {(lr: number) => void} told.onRate
 */
export function descent(host, { asked, onValues, onRate }) {
  const rate = stepper({ label: "Learning rate", value: 0.1, min: 1e-9, max: 1e9, step: byFactors, onChange: onRate });
  const one = h("button", { type: "button", class: "button is-main", onclick: () => run(1) }, "One step");
  const many = h("button", { type: "button", class: "button", onclick: () => run(MANY) }, `Run ${MANY} steps`);
  const back = h("button", { type: "button", class: "button", hidden: true, onclick: restart }, "Start again");
  const words = h("div", { class: "descent-words", role: "status" });
  const chart = lineChart({ label: "Loss", xLabel: "step", yLabel: "loss" });
  let losses = [];
  let first = null;
  let running = Promise.resolve();
  let cleared = 0; // how often; what runs belongs to what was there before

  host.append(rate.element, h("div", { class: "button-row" }, one, many, back), words, chart.element);

  /** A second press before the answer goes on from where the first one leads. */
  function run(steps) {
    const mine = cleared;
    running = running.then(() => descend(steps, mine));
  }

  async function descend(steps, mine) {
    if (mine !== cleared) return;
    const start = asked();
    try {
      const answer = await post("/api/descent", { ...start, lr: rate.value, steps });
      if (mine !== cleared) return;
      first ??= start.values;
      losses = [...(losses.length ? losses : answer.losses.slice(0, 1)), ...answer.losses.slice(1)];
      tell(answer.stopped);
      onValues(answer.values);
      chart.element.scrollIntoView({ block: "nearest" });
    } catch (error) {
      if (!error.what) throw error;
      if (mine === cleared) words.replaceChildren(errorBox(error));
    }
  }

  function tell(stopped) {
    const count = losses.length - 1;
    const steps = count === 1 ? "one step" : `${count} steps`;
    const change = h("p", {}, "After ", steps, ": loss ", short(losses[0]), " → ", h("strong", {}, short(losses.at(-1))));
    const reason = stopped ? h("p", { class: "notice is-bad error" }, stopped) : null;
    words.replaceChildren(...[count > 0 ? change : null, reason].filter(Boolean));
    back.hidden = false;
    draw();
  }

  function draw() {
    const x = losses.map((_, index) => index);
    chart.element.hidden = losses.length < 2;
    chart.draw(losses.length > 1 ? [{ name: "loss", mark: "first", x, y: losses }] : []);
  }

  function restart() {
    const values = first;
    clear();
    if (values) onValues(values);
    one.focus();
  }

  /** Forget the curve: what it told of is another formula, or other values. */
  function clear() {
    cleared += 1;
    losses = [];
    first = null;
    back.hidden = true;
    words.replaceChildren();
    draw();
  }

  draw();
  return {
    clear,
    set rate(lr) {
      rate.value = lr;
    },
    set disabled(is) {
      one.disabled = is;
      many.disabled = is;
    },
  };
}
