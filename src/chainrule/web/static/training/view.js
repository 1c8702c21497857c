// The training view of the page: it opens with the first look at it.
import { get } from "../api.js";
import { h } from "../common/dom.js";
import { problemNotice } from "./problem.js";
import { createDesk } from "./desk.js";

const STYLES = "/static/training/training.css";

/** Opens the view into its root; see shell.js for what the page offers and asks. */
export function open(root, page) {
  let desk = null;
  let opening = null;
  let wanted = null;

  async function start() {
    try {
      const [catalog] = await Promise.all([get("/api/training"), styles()]);
      root.replaceChildren();
      desk = createDesk(root, page, catalog);
      if (wanted) desk.show(wanted);
    } catch (error) {
      const again = h("button", { type: "button", class: "button", onclick: () => (opening = start()) }, "Try again");
      root.replaceChildren(h("div", { role: "alert" }, problemNotice(error, again)));
    }
  }

  return {
    show(query) {
      wanted = query;
      if (desk) desk.show(query);
      else opening ??= start();
    },
    hide() {
      wanted = null;
      desk?.hide();
    },
    query: () => desk?.query(),
  };
}

/** The style sheet of this view, loaded before anything of it is seen. */
function styles() {
  if (document.querySelector(`link[href="${STYLES}"]`)) return null;
  return new Promise((resolve) => {
    document.head.append(h("link", { rel: "stylesheet", href: STYLES, onload: resolve, onerror: resolve }));
  });
}
