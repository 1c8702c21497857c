// The lesson of the right column: put in anew with every answer, while the reader's place in it stays.

import { mount } from "../lesson/lesson.js";

const ACTIVE = "a, button, input, select, textarea, summary, [role=button], [role=menuitem]";

/**
 * @param {HTMLElement} host
 * @param {(step: number) => void} onStep
 */
export function lessonStage(host, onStep) {
  let root = null;
  let player = null;

  /** The keys of the whole page, as long as the lesson is on it. */
  const keys = {
    addEventListener(type, listener, options) {
      document.addEventListener(type, (event) => host.offsetParent && listener(event), options);
    },
  };

  /**
   * Put a lesson in the place of the last one. It is made ready before it is put in, so that it is laid out once.
   *
   * @param {string} html
   * @param {{step: number, showsClosed: boolean, goesThere: boolean}} how `goesThere`: scroll to the step.
   */
  function show(html, { step, showsClosed, goesThere }) {
    const kept = root ? keptOf(root) : null;
    player?.destroy();
    const template = document.createElement("template");
    template.innerHTML = html;
    root = document.adoptNode(template.content.querySelector(".lesson"));
    root.classList.toggle("hides-closed", !showsClosed);
    player = mount(root, { step: goesThere ? 0 : step, onStep, keys });
    host.replaceChildren(root);
    if (kept) restore(root, kept);
    if (goesThere && step) player.show(step);
    refresh({ isStale: false });
  }

  /** Dim what does not belong to what is typed any more. */
  function refresh({ isStale }) {
    host.classList.toggle("is-stale", isStale);
  }

  // The space bar plays, unless something has the focus that it presses.
  keys.addEventListener("keydown", (event) => {
    const isOther = event.altKey || event.ctrlKey || event.metaKey || event.shiftKey;
    if (event.key !== " " || isOther || !player || event.target.closest(ACTIVE)) return;
    event.preventDefault();
    root.querySelector("[data-go=play]").click();
  });

  return {
    show,
    refresh,
    showClosed(is) {
      player?.hideClosed(!is);
    },
    pause: () => player?.pause(),
  };
}

/** What the reader had opened, scrolled and focused. */
function keptOf(root) {
  const picture = root.querySelector(".picture");
  const focused = root.contains(document.activeElement) ? document.activeElement : null;
  return {
    left: picture.scrollLeft,
    top: picture.scrollTop,
    open: [...root.querySelectorAll("details:not(.step)")].map((part) => part.open),
    focus: focused?.dataset.go ? `[data-go=${focused.dataset.go}]` : focused?.matches("input") ? ".player input" : null,
  };
}

function restore(root, { left, top, open, focus }) {
  const picture = root.querySelector(".picture");
  [picture.scrollLeft, picture.scrollTop] = [left, top];
  const parts = [...root.querySelectorAll("details:not(.step)")];
  if (parts.length === open.length) parts.forEach((part, index) => (part.open = open[index]));
  if (focus) root.querySelector(focus)?.focus({ preventScroll: true });
}
