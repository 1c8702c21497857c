// What went wrong, in the server's words: what happened, the line it is about, what to do.
import { h } from "./dom.js";

/** A box that says what an error says; buttons may follow. */
export function errorNotice(error, ...buttons) {
  return h(
    "div",
    { class: "notice is-bad" },
    h("p", {}, h("strong", {}, error.what ?? error.message)),
    error.shown ? h("pre", {}, error.shown) : null,
    error.fix ? h("p", { class: "fix" }, error.fix) : null,
    buttons.length ? h("div", { class: "button-row" }, buttons) : null,
  );
}
