// What could not be done, in sentences.
import { errorNotice } from "../common/notice.js";

/** A box that says what an error says; buttons may follow. */
export function problemNotice(error, ...buttons) {
  const { what, message, shown, fix, about } = error;
  return errorNotice({ what: sentence(what ?? message, about), shown, fix: sentence(fix, about) }, ...buttons);
}

/**
 * A text with a capital letter and a full stop. Names stay as they are written: `name`, and what has other than letters
 * in it, such as that of a file. So does a command at the end, which is to be copied.
 */
export function sentence(text, name = null) {
  if (!text) return "";
  const first = /^[a-z]+(?=[\s,:;])/.exec(text)?.[0];
  const whole = first && first !== name ? text[0].toUpperCase() + text.slice(1) : text;
  return /[.!?]$|: chainrule [^.]*$/.test(whole) ? whole : `${whole}.`;
}
