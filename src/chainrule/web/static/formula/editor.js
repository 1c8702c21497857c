// Where statements are typed, and what is wrong with them.

import { h } from "../common/dom.js";

const CALM = 250; // an error that goes away with the next key is not worth a word

/**
 * @param {HTMLTextAreaElement} area
 * @param {HTMLElement} place Where errors stand, a live region.
 * @param {(text: string) => void} onInput
 */
export function editor(area, place, onInput) {
  let timer = 0;

  function fit() {
    area.rows = Math.min(Math.max(area.value.split("\n").length, 2), 14);
  }

  function succeed() {
    clearTimeout(timer);
    timer = 0;
    place.replaceChildren();
    area.setAttribute("aria-invalid", "false");
  }

  function write(error) {
    timer = 0;
    area.setAttribute("aria-invalid", "true");
    place.replaceChildren(errorBox(error));
  }

  /** Say what is wrong: at once where something was wrong before, else when the keys rest. */
  function fail(error) {
    clearTimeout(timer);
    if (place.firstChild) write(error);
    else timer = setTimeout(write, CALM, error);
  }

  area.addEventListener("input", () => {
    fit();
    onInput(area.value);
  });
  return {
    succeed,
    fail,
    get text() {
      return area.value;
    },
    set text(text) {
      if (text === area.value) return;
      area.value = text;
      fit();
    },
  };
}

/** What happened, where, and what to write instead. */
export function errorBox({ what, shown, fix }) {
  return h(
    "div",
    { class: "notice is-bad error" },
    h("p", { class: "what" }, sentence(what, shown)),
    shown ? h("pre", {}, pointed(shown)) : null,
    fix ? h("p", { class: "fix" }, sentence(fix, shown)) : null,
  );
}

/** With a capital letter, unless it begins with a name out of the formula. */
function sentence(text, shown) {
  const word = /^\p{L}\w*/u.exec(text)?.[0];
  return word && shown?.includes(word) ? text : text.charAt(0).toUpperCase() + text.slice(1);
}

/** A line with a caret under it; the caret hangs on its letter, so that letters need not all be of one width. */
function pointed(shown) {
  const lines = shown.replace(/\n+$/, "").split("\n");
  const caret = lines.at(-1).indexOf("^");
  if (lines.length < 2 || caret < 0) return shown;
  const letters = columns(lines.at(-2));
  const at = Math.min(caret, letters.length);
  const before = letters.slice(0, at).join("").trimStart();
  const rest = letters.slice(at + 1).join("");
  const mark = h("mark", {}, letters[at] ?? "\u2007", h("span", { class: "caret", "aria-hidden": "true" }, "^"));
  return [...lines.slice(0, -2).map((line) => `${line}\n`), before, mark, rest];
}

/** Letters by the columns that they take in a terminal, each with its accents. */
function columns(line) {
  const found = [];
  for (const letter of line) {
    if (/\p{Mn}/u.test(letter) && found.length) found[found.length - 1] += letter;
    else found.push(letter);
  }
  return found;
}
