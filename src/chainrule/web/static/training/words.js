// Names of columns and classes where there is little room for them.
import { h } from "../common/dom.js";

/** A name that may be cut off; it breaks between words, and after signs such as _, and says itself whole when pointed at. */
export const cut = (name) => h("span", { class: "tr-cut", title: name }, breakable(name));

/** The pieces of a name, between which a line may end. */
export const breakable = (name) =>
  name.split(/(?<=[_=./·-])/).flatMap((piece, i) => (i ? [h("wbr"), piece] : [piece]));
