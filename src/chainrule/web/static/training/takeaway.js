// What one can take home: the model file, the report, the program that does the same.
import { h } from "../common/dom.js";
import { createCode } from "./code.js";

/**
 * @param {HTMLElement} root
 * @param {object} given
 * @param {(name: "model" | "report") => Promise<void>} given.onDownload
 * @param {() => Promise<string>} given.program
 */
export function createTakeaway(root, { onDownload, program }) {
  const code = createCode(root, { program });
  const button = (words, action) => h("button", { type: "button", class: "button", onclick: action }, words);
  const busy = (name, words) => {
    const node = button(words, async () => {
      node.disabled = true;
      try {
        await onDownload(name);
      } finally {
        node.disabled = false;
      }
    });
    return node;
  };
  root.append(
    h(
      "div",
      { class: "button-row" },
      busy("model", "Download model"),
      busy("report", "Download report"),
      button("Show the code", code.open),
    ),
  );
}
