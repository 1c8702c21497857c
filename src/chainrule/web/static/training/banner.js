// Why a run has stopped: what happened, at which node, and what to try.
import { h } from "../common/dom.js";
import { short } from "../common/numbers.js";
import { parsed } from "./network/mathml.js";
import { sentence } from "./problem.js";

/**
 * @param {HTMLElement} root An element with role alert.
 * @param {object} given
 * @param {(lr: number) => void} given.onRate
 */
export function createBanner(root, { onRate }) {
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
    return h(
      "div",
      { class: "notice is-bad" },
      h("p", {}, h("strong", {}, "The run diverged. "), sentence(stopped.message)),
      h(
        "dl",
        { class: "tr-why" },
        fact("Node", stopped.formula && h("span", {}, parsed(stopped.formula))),
        fact("Why", sentence(stopped.why)),
        fact("Where", stopped.where),
        fact("What helps", sentence(stopped.fix)),
        fact("Shown", "The parameters that were kept, from before the loss grew."),
      ),
      h(
        "div",
        { class: "button-row" },
        h(
          "button",
          { type: "button", class: "button is-main", onclick: () => onRate(stopped.lr) },
          `Use learning rate ${short(stopped.lr)}`,
        ),
      ),
    );
  }

  return { draw };
}

const fact = (name, value) => (value ? h("div", {}, h("dt", {}, name), h("dd", {}, value)) : null);
