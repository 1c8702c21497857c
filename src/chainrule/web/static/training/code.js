// The Python program that does the same, in a dialog, to be copied.
import { freshId, h } from "../common/dom.js";
import { say } from "./canvas.js";
import { errorNotice } from "./notice.js";

/**
 * @param {HTMLElement} root
 * @param {object} given
 * @param {() => Promise<string>} given.program
 */
export function createCode(root, { program }) {
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
      problem.replaceChildren(errorNotice(error));
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
