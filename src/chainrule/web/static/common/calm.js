// Things that may be done often but need not be.

/** A function that runs at most once in so many milliseconds, with the newest arguments; the last call is never lost. */
export function calmly(milliseconds, task) {
  let due = 0;
  let timer = 0;
  let newest = null;

  function run() {
    timer = 0;
    due = performance.now() + milliseconds;
    task(...newest);
  }

  return (...values) => {
    newest = values;
    if (timer) return;
    const wait = due - performance.now();
    if (wait <= 0) run();
    else timer = setTimeout(run, wait);
  };
}

/** A function that waits until nobody has called it for so many milliseconds. */
export function afterwards(milliseconds, task) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => task(...values), milliseconds);
  };
}
