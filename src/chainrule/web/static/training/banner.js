// Why a run has stopped: what happened, at which node, and what to try.
import { h } from "../common/dom.js";
import { calmerRate } from "./model.js";

/**
 * @param {HTMLElement} root An element with role alert.
 * @param {object} given
 * @param {() => number} given.rate The learning rate of the run.
 * @param {(lr: number) => void} given.onRate
 */
export function createBanner(root, { rate, onRate }) {
  let shown = "";

  function draw(stopped) {
    const key = JSON.stringify(stopped ?? "");
    if (key === shown) return;
    shown = key;
    root.replaceChildren(...(stopped ? [box(stopped)] : []));
  }

  function box(stopped) {
    if (stopped.reason !== "diverged")
      return h(
        "div",
        { class: "notice" },
        h("p", {}, sentence(stopped.message), stopped.fix ? ` To go on: ${stopped.fix}.` : ""),
      );
    const lr = rateIn(stopped.fix) ?? calmerRate(rate());
    return h(
      "div",
      { class: "notice is-bad" },
      h("p", {}, h("strong", {}, "The run diverged. "), sentence(stopped.message)),
      h(
        "dl",
        { class: "tr-why" },
        fact("Node", stopped.node && h("code", {}, stopped.node)),
        fact("Why", sentence(stopped.why)),
        fact("Where", stopped.where),
        fact("What helps", sentence(stopped.fix)),
      ),
      h(
        "div",
        { class: "button-row" },
        h("button", { type: "button", class: "button is-main", onclick: () => onRate(lr) }, `Use learning rate ${lr}`),
      ),
    );
  }

  return { draw };
}

/** The learning rate that a piece of advice names: try lr=0.03. */
function rateIn(advice) {
  const found = /\blr=(\d[\d.]*(?:e[-+]?\d+)?)/.exec(advice ?? "");
  return found ? Number(found[1]) : null;
}

const fact = (name, value) => (value ? h("div", {}, h("dt", {}, name), h("dd", {}, value)) : null);

/** With a capital letter and a full stop. */
function sentence(text) {
  if (!text) return "";
  const whole = text[0].toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}
