// Examples to begin with: one is pressed while its formula stands there.

import { h } from "../common/dom.js";

/**
 * @param {HTMLElement} host
 * @param {HTMLElement} note Where a line on the pressed one stands.
 * @param {object[]} presets
 * @param {(preset: object) => void} onChoose
 */
export function presetChips(host, note, presets, onChoose) {
  const chips = presets.map((preset) =>
    h("button", { type: "button", class: "chip", onclick: () => onChoose(preset) }, preset.title),
  );
  host.replaceChildren(...chips);
  return {
    show(current) {
      presets.forEach((preset, index) => chips[index].setAttribute("aria-pressed", String(preset === current)));
      note.textContent = current?.note ?? "Your own formula.";
    },
  };
}
