// Round buttons: one more, one less.
import { h } from "../../common/dom.js";

/**
 * A button that stays where it is when there is an end to it, and says which: a name, a hint and a look, but it keeps
 * the focus.
 *
 * @param {object} given
 * @param {string} given.sign
 * @param {string} given.label
 * @param {() => void} given.onPress
 * @returns {{element: HTMLElement, end: (reason: string | null) => void}}
 */
export function roundButton({ sign, label, onPress }) {
  const element = h("button", { type: "button", class: "tr-round", onclick: () => isOn() && onPress() }, sign);
  const isOn = () => !element.hasAttribute("aria-disabled");

  function end(reason) {
    element.setAttribute("aria-label", reason ? `${label}: ${reason.toLowerCase()}` : label);
    element.title = reason ?? label;
    if (reason) element.setAttribute("aria-disabled", "true");
    else element.removeAttribute("aria-disabled");
  }

  end(null);
  return { element, end };
}
