// A few words on what a control does: at the pointer's rest and at the keyboard's focus, gone with Escape.

import { freshId, h } from "./dom.js";

const WAIT = 350;
let shown = null;

/** Explain an element by a text, which may change: give a function then. */
export function tooltip(element, text) {
  const id = freshId("tip");
  let timer = 0;

  function show() {
    hide();
    const tip = h("div", { id, class: "tooltip", role: "tooltip" }, typeof text === "function" ? text() : text);
    document.body.append(tip);
    const [at, size] = [element.getBoundingClientRect(), tip.getBoundingClientRect()];
    const room = document.documentElement.clientWidth - size.width - 8;
    const left = Math.max(8, Math.min(at.left + at.width / 2 - size.width / 2, room));
    const isBelow = at.top - size.height - 8 < 0;
    tip.style.setProperty("left", `${left}px`);
    tip.style.setProperty("top", `${isBelow ? at.bottom + 8 : at.top - size.height - 8}px`);
    element.setAttribute("aria-describedby", id);
    shown = { tip, element };
  }

  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(show, WAIT);
  };
  const leave = () => {
    clearTimeout(timer);
    hide();
  };
  element.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && wait());
  element.addEventListener("pointerleave", leave);
  element.addEventListener("pointerdown", leave);
  element.addEventListener("focus", () => element.matches(":focus-visible") && show());
  element.addEventListener("blur", leave);
}

function hide() {
  if (!shown) return;
  shown.tip.remove();
  shown.element.removeAttribute("aria-describedby");
  shown = null;
}

addEventListener("keydown", (event) => event.key === "Escape" && hide());
addEventListener("scroll", hide, { capture: true, passive: true });
