// Choosing a point of the plot: by pointer, or by arrow keys through the points; Enter or a click opens it.
import { nearest, neighbour } from "./points.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * @param {HTMLElement} plot Receives the focus; its inner size is that of the points' pixels.
 * @param {object} given
 * @param {() => {points: object, place: (x: number, y: number) => [number, number], width: number, height: number} | null} given.scene
 * @param {(index: number | null, how: "pointer" | "keys") => void} given.onChoose
 * @param {(index: number) => void} given.onOpen
 */
export function pointing(plot, { scene, onChoose, onOpen }) {
  let chosen = null;

  function choose(index, how) {
    if (index === chosen) return;
    chosen = index;
    onChoose(index, how);
  }

  function under(event) {
    const now = scene();
    const box = plot.getBoundingClientRect();
    return (
      now &&
      nearest(
        now.points,
        now.place,
        event.clientX - box.left,
        event.clientY - box.top,
        event.pointerType === "touch" ? 24 : 14,
      )
    );
  }

  /** Where the keys begin: at the point nearest to the middle. */
  function first() {
    const now = scene();
    return now && nearest(now.points, now.place, now.width / 2, now.height / 2, Infinity);
  }

  plot.addEventListener("pointermove", (event) => event.pointerType !== "touch" && choose(under(event), "pointer"));
  plot.addEventListener(
    "pointerleave",
    (event) => event.pointerType !== "touch" && !plot.matches(":focus-visible") && choose(null, "pointer"),
  );
  plot.addEventListener("click", (event) => {
    const index = under(event);
    // A finger chooses first and opens with a second tap: it cannot hover.
    const opens = index !== null && (event.pointerType !== "touch" || index === chosen);
    choose(index, "pointer");
    if (opens) onOpen(index);
  });
  plot.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const now = scene();
    if (!now) return;
    if (ARROWS[event.key])
      choose(
        chosen === null ? first() : (neighbour(now.points, now.place, chosen, ARROWS[event.key]) ?? chosen),
        "keys",
      );
    else if (event.key === "Enter" && chosen !== null) onOpen(chosen);
    else if (event.key === "Escape" && chosen !== null) choose(null, "keys");
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  return {
    get chosen() {
      return chosen;
    },
    forget: () => (chosen = null),
  };
}
