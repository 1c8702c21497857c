// Gradient descent on the values: a step or fifty, and the curve of the loss.

import { post } from "../api.js";
import { lineChart } from "../common/chart.js";
import { h } from "../common/dom.js";
import { short } from "../common/numbers.js";
import { byFactors, stepper } from "../common/stepper.js";
import { errorBox } from "./editor.js";

const MANY = 50;
const [LEAST, MOST] = [1e-9, 1e9];
const NOT_POSITIVE = "A learning rate is above 0: with 0 nothing changes, and below 0 the loss grows.";
const TOO_SMALL = "A learning rate is 1e-9 at least.";
const TOO_LARGE = "A learning rate is 1e9 at most.";

/**
 * @param {HTMLElement} host
 * @param {object} told
 * @param {() => object} told.asked What the server needs to know: statements, values and names.
 * @param {(values: Record<string, string>) => void} told.onValues
 * @param {(lr: number) => void} told.onRate
 */
export function descent(host, { asked, onValues, onRate }) {
  const rate = stepper({
    label: "Learning rate",
    value: 0.1,
    min: LEAST,
    max: MOST,
    step: byFactors,
    outside: (number) => (number > MOST ? TOO_LARGE : number > 0 ? TOO_SMALL : NOT_POSITIVE),
    onChange: onRate,
    onWrong: (is) => allow({ isWrong: is }),
  });
  const one = h("button", { type: "button", class: "button is-main", onclick: () => run(1) }, "One step");
  const many = h("button", { type: "button", class: "button", onclick: () => run(MANY) }, `Run ${MANY} steps`);
  const back = h("button", { type: "button", class: "button", hidden: true, onclick: restart }, "Start again");
  const words = h("div", { class: "descent-words", role: "status" });
  const chart = lineChart({ label: "Loss", xLabel: "step", yLabel: "loss" });
  let losses = [];
  let first = null;
  let running = Promise.resolve();
  let allowed = { isWrong: false, isDisabled: false };
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

  /** Steps need a loss and a learning rate. */
  function allow(change) {
    allowed = { ...allowed, ...change };
    for (const button of [one, many]) button.disabled = allowed.isWrong || allowed.isDisabled;
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
      allow({ isDisabled: is });
    },
  };
}
