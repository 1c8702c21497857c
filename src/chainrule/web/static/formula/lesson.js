// The lesson of the right column. With every answer it changes where the answer differs; the reader's place in it stays.

import { mount } from "../lesson/lesson.js";
import { morph } from "./morph.js";
import { placeOf, stepAt } from "./place.js";

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
   * Show a lesson.
   *
   * @param {string} html
   * @param {{step: number, goesThere: boolean, isOther: boolean}} how `goesThere`: scroll to the step. `isOther`: steps
   *   are numbered in another way than before, and what is shown is the present place.
   * @returns {number} The step.
   */
  function show(html, { step: wanted, goesThere, isOther }) {
    const next = parsed(html);
    const step = root && isOther ? stepAt(next, placeOf(root, player.step)) : wanted;
    const first = goesThere ? 0 : step;
    const plays = !goesThere && player?.isPlaying;
    if (root) exchange(next, first);
    else host.replaceChildren((root = next));
    player = mount(root, { step: first, onStep, keys });
    if (goesThere) root.querySelector(".picture").scrollTo(0, 0);
    if (goesThere && step) player.show(step);
    if (plays && player.step < player.total) player.play({ waits: true });
    refresh({ isStale: false });
    return step;
  }

  /** Make the lesson on the page equal to one that is made ready at its step outside of it: it is laid out once. */
  function exchange(next, step) {
    const ready = mount(next, { step, keys: null });
    morph(root, next);
    ready.destroy();
    player.destroy();
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
    pause: () => player?.pause(),
  };
}

function parsed(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return document.adoptNode(template.content.querySelector(".lesson"));
}
