// Names as mathematics writes them: one letter in italics, numbers and words below it.

import { h } from "../common/dom.js";

/** `W1` as W with a small 1, `h_prev` as h with a small prev; longer words stay as they are. */
export function symbol(label) {
  const [, base, below] = /^(\p{L}\p{M}*)_?([\p{N}]+|(?<=_)\w+)?$/u.exec(label) ?? [];
  if (base === undefined) return h("span", { class: "symbol is-word" }, label);
  return h("span", { class: "symbol" }, base, below ? h("sub", { class: /^\p{L}$/u.test(below) ? "is-letter" : null }, below) : null);
}
