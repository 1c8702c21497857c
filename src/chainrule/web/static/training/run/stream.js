// The stream of frames: only the newest one is read, when the browser is about to draw, and none while nobody looks.

/** Milliseconds until a stream that the browser has given up is opened again. */
const AGAIN = 1000;

/**
 * Opens the stream at an address.
 *
 * @param {object} given
 * @param {() => string} given.path Asked anew whenever the stream is opened.
 * @param {(frame: object) => void} given.onFrame
 * @param {(isOpen: boolean) => void} given.onChange Whether the server is heard.
 * @param {() => void} given.onLost The server does not know this tab: it has been given up.
 */
export function openStream({ path, onFrame, onChange, onLost }) {
  let source = null;
  let newest = null;
  let timer = 0;
  let request = 0;
  let isLookedAt = true;

  function open() {
    clearTimeout(timer);
    source?.close();
    source = new EventSource(path());
    source.addEventListener("open", () => onChange(true));
    source.addEventListener("frame", (event) => {
      newest = event.data;
      wake();
    });
    source.addEventListener("error", () => {
      onChange(false);
      if (source?.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      timer = setTimeout(onLost, AGAIN);
    });
  }

  function wake() {
    if (newest !== null && isLookedAt && !document.hidden && !request) request = requestAnimationFrame(draw);
  }

  function draw() {
    request = 0;
    const frame = JSON.parse(newest);
    newest = null;
    onFrame(frame);
  }

  document.addEventListener("visibilitychange", wake);
  return {
    open,
    /** Whether the view is on the screen; if not, frames wait. */
    look(is) {
      isLookedAt = is;
      wake();
    },
    close() {
      clearTimeout(timer);
      source?.close();
      source = null;
    },
  };
}
