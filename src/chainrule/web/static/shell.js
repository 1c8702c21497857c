// The page around both views: which one is shown, the address, the theme, the link.

import { read, remember, forget, settle, written } from "./address.js";
import { announce } from "./common/announce.js";
import { open as openFormula } from "./formula/view.js";
import { themeButton } from "./theme.js";

const TITLES = { formula: "Formulas", training: "Training" };
const opening = { formula: async () => openFormula, training: async () => (await import("./training/view.js")).open };
const views = {};
/** Not that of an address: a browser would go on from there with the first press of Tab, past all that comes before. */
const idOf = (name) => `${name}-view`;
let shown = null;

/**
 * What a view can ask of the page. A view is a module that exports `open(root, page)`, which gives back
 * `{show(query), hide()}`: `show` is called with the query of the address when the view comes up, and whenever the
 * address changes by a link or by the buttons back and forward.
 */
const pageOf = (name) => ({
  announce,
  /** Let the address say what the view shows; `isNew` makes an entry of the history. */
  remember(query, options) {
    if (shown === name) remember(written(name, query), options);
  },
  /** Go to another view, with what it shall show. */
  go(view, query) {
    settle();
    location.hash = written(view, query);
  },
});

async function show() {
  const { view: name, query, isPlain } = read();
  if (!isPlain) remember(written(name, query)); // so that it says what is shown
  if (shown && shown !== name) views[shown]?.hide();
  shown = name;
  for (const root of document.querySelectorAll(".view")) root.hidden = root.id !== idOf(name);
  for (const link of document.querySelectorAll("nav [data-view]")) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${TITLES[name]} · chainrule`;
  const open = await opening[name]();
  views[name] ??= open(document.getElementById(idOf(name)), pageOf(name));
  if (shown === name) views[name].show(query);
}

function cameByAddress() {
  forget();
  show();
}

async function copyLink(button) {
  settle();
  const words = button.querySelector("span");
  try {
    await navigator.clipboard.writeText(location.href);
    words.textContent = "Copied";
    announce("The link is copied.");
  } catch {
    words.textContent = "Copy the address bar";
  }
  setTimeout(() => (words.textContent = "Copy link"), 2000);
}

/** A link to a view that was left goes back to what it showed. */
function followView(event) {
  const name = event.currentTarget.dataset.view;
  const last = views[name]?.query?.();
  if (!last || name === shown) return;
  event.preventDefault();
  pageOf(name).go(name, last);
}

document.querySelector("[data-skip]").addEventListener("click", (event) => {
  event.preventDefault(); // the address belongs to the views
  document.getElementById("main").focus();
});
for (const link of document.querySelectorAll("nav [data-view]")) link.addEventListener("click", followView);
document.getElementById("copy-link").addEventListener("click", (event) => copyLink(event.currentTarget));
themeButton(document.getElementById("theme"), announce);
addEventListener("hashchange", cameByAddress);
show();
