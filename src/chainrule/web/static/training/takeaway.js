// What one can take home: the model file, the report, the program that does the same.
import { freshId, h, say } from "../common/dom.js";
import { problemNotice } from "./problem.js";

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

/**
 * The dialog with the program, to be copied.
 *
 * @param {HTMLElement} root
 * @param {object} given
 * @param {() => Promise<string>} given.program
 */
function createCode(root, { program }) {
  const id = freshId("code");
  const text = h("code", {});
  const box = h("pre", { tabindex: 0, "aria-label": "Python program" }, text);
  const problem = h("div", { role: "alert" });
  const copy = h("button", { type: "button", class: "button is-main", onclick: take }, "Copy");
  const dialog = h(
    "dialog",
    { class: "tr-code", "aria-labelledby": id },
    h(
      "div",
      { class: "tr-card-head" },
      h("h2", { id }, "The same in Python"),
      h(
        "div",
        { class: "button-row" },
        copy,
        h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Close"),
      ),
    ),
    problem,
    box,
  );
  root.append(dialog);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());

  async function open() {
    problem.replaceChildren();
    say(copy, "Copy");
    try {
      say(text, await program());
    } catch (error) {
      say(text, "");
      problem.replaceChildren(problemNotice(error));
    }
    if (!dialog.open) dialog.showModal();
  }

  async function take() {
    try {
      await navigator.clipboard.writeText(text.textContent);
      say(copy, "Copied");
    } catch {
      getSelection().selectAllChildren(text); // a page without the right to write can still offer what to copy
      say(copy, "Press Ctrl+C");
    }
  }

  return { open };
}
