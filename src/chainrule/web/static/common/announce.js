// What a screen reader says although the focus stays where it is.

/** Say something, after what is being said. */
export function announce(text) {
  const region = document.getElementById("announcer");
  region.textContent = "";
  // The same words twice are only a change if there was nothing in between.
  setTimeout(() => (region.textContent = text), 50);
}
