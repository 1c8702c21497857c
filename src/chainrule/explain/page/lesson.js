// Steps through a lesson: text and picture show the same step at once. Page, file and notebook all mount this module.
// Without it a lesson is complete: all steps are open, all numbers are there.

const SECONDS_PER_STEP = 2.5;
const SCROLLING = ":is(.scroll, .piece, .term)"; // where they are wider than the page
const FOLDED = "details:not([open]) > :not(summary)";
const TYPING = "input, textarea, select, [contenteditable]"; // these use the keys themselves
const KEYS = { ArrowLeft: "previous", ArrowRight: "next", Home: "first", End: "last" };

/**
 * Bring a lesson to life.
 *
 * @param {Element} root The element `.lesson`.
 * @param {object} [options]
 * @param {number} [options.step] The step that is shown first; 0 shows all. Nothing scrolls to it.
 * @param {(step: number) => void} [options.onStep] Told whenever another step is shown.
 * @param {boolean} [options.controls] Whether the player is there.
 * @param {EventTarget|null} [options.keys] Where arrow keys, Home and End are listened for.
 * @returns {object} `show(step)`, `next()`, `previous()`, `first()`, `last()`, `play()`, `pause()`, `destroy()`;
 *   and `step`, `total`, `forward`: the present step, their number, and how many belong to the forward pass; `isPlaying`.
 */
export function mount(root, { step: initial = 0, onStep = () => {}, controls = true, keys = root } = {}) {
  const view = root.ownerDocument.defaultView;
  const listening = new AbortController();
  const { signal } = listening;
  const player = root.querySelector(".player");
  const slider = player.querySelector("input");
  const said = player.querySelector(".said");
  const count = player.querySelector(".count");
  const button = (name) => player.querySelector(`[data-go=${name}]`);
  const picture = root.querySelector(".picture");
  const calm = view.matchMedia("(prefers-reduced-motion: reduce)");
  const forward = Number(root.dataset.forward);
  const byStep = (a, b) => a.dataset.step - b.dataset.step;
  const steps = [...root.querySelectorAll("[data-step]")].sort(byStep);
  const derivations = steps.filter((step) => step.matches("details"));
  const parts = partsByStep(root, steps, forward);
  const edges = [...picture.querySelectorAll(".cr-edge")];
  const vertices = [...picture.querySelectorAll(".cr-vertex")];
  let current = 0;
  let timer = 0;

  function show(step, { follow = true } = {}) {
    const before = current;
    current = Math.min(Math.max(Math.trunc(step) || 0, 0), steps.length);
    root.dataset.phase = current === 0 ? "all" : current <= forward ? "forward" : "backward";
    for (const [part, numbers] of parts) {
      part.classList.toggle("is-current", numbers.includes(current));
      part.classList.toggle("is-later", current > 0 && numbers.length > 0 && Math.min(...numbers) > current);
    }
    // A value comes along the edges into its node, a gradient along those out of it.
    const node = picture.querySelector(".cr-vertex.is-current")?.dataset.symbol;
    const from = new Set(); // nodes that the gradient comes from: their local gradient times their gradient
    for (const edge of edges) {
      const end = current > forward ? edge.dataset.source : edge.dataset.target;
      const isCurrent = node !== undefined && end === node;
      edge.classList.toggle("is-current", isCurrent);
      if (isCurrent && current > forward) from.add(edge.dataset.target);
    }
    for (const vertex of vertices) vertex.classList.toggle("is-from", from.has(vertex.dataset.symbol));
    for (const derivation of derivations) {
      derivation.open = Number(derivation.dataset.step) === current;
    }
    steps.forEach((part, index) => {
      if (index + 1 === current) part.setAttribute("aria-current", "step");
      else part.removeAttribute("aria-current");
    });
    tell();
    if (follow && current) bringIntoView(steps[current - 1]);
    if (current !== before) onStep(current);
  }

  /** What slider, counter and words say of the step; a folded step of one line of text says just that. */
  function tell() {
    const step = steps[current - 1];
    slider.value = current;
    count.textContent = `${current} / ${steps.length}`;
    said.textContent = step ? step.dataset.say ?? step.textContent : "All steps. Press → to go through them one by one.";
    slider.setAttribute("aria-valuetext", said.textContent);
    button("previous").disabled = current === 0;
    button("next").disabled = current === steps.length;
  }

  function bringIntoView(step) {
    for (let outer = step.parentElement; outer && outer !== root; outer = outer.parentElement) {
      if (outer.matches("details")) outer.open = true;
    }
    const behavior = calm.matches ? "instant" : "smooth";
    step.scrollIntoView({ block: "nearest", behavior });
    const node = picture.querySelector(".cr-vertex.is-current");
    if (!node) return;
    const [inner, box] = [node.getBoundingClientRect(), picture.getBoundingClientRect()];
    const left = picture.scrollLeft + inner.left + inner.width / 2 - box.left - box.width / 2;
    const top = picture.scrollTop + inner.top + inner.height / 2 - box.top - box.height / 2;
    picture.scrollTo({ left, top, behavior });
  }

  function pause() {
    view.clearInterval(timer);
    timer = 0;
    label(button("play"), "▶", "Play");
  }

  /** Go on by itself; at once, or when the present step has been there for its time. */
  function play({ waits = false } = {}) {
    if (timer) return;
    if (current === steps.length) show(0);
    timer = view.setInterval(() => {
      show(current + 1);
      if (current === steps.length) pause();
    }, SECONDS_PER_STEP * 1000);
    label(button("play"), "❚❚", "Pause");
    if (!waits) show(current + 1);
  }

  const lesson = {
    show(step) {
      pause();
      show(step);
    },
    previous: () => lesson.show(current - 1),
    next: () => lesson.show(current + 1),
    first: () => lesson.show(0),
    last: () => lesson.show(steps.length),
    play,
    pause,
    destroy,
    get step() {
      return current;
    },
    get isPlaying() {
      return timer !== 0;
    },
    total: steps.length,
    forward,
  };

  player.addEventListener(
    "click",
    (event) => {
      const name = event.target.closest("[data-go]")?.dataset.go;
      if (name === "play" && timer) pause();
      else if (name) lesson[name]();
    },
    { signal },
  );
  slider.addEventListener("input", () => lesson.show(Number(slider.value)), { signal });
  keys?.addEventListener(
    "keydown",
    (event) => {
      const name = KEYS[event.key];
      const isOther = event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented;
      if (!name || isOther || event.target.closest?.(`${TYPING}, ${SCROLLING}`)) return;
      event.preventDefault();
      lesson[name]();
    },
    { signal },
  );

  // A button that opens all derivations, or closes them.
  const all = root.ownerDocument.createElement("button");
  all.type = "button";
  all.className = "all";
  const isOpen = () => derivations.every((derivation) => derivation.open);
  const describe = () => (all.textContent = isOpen() ? "Close all steps" : "Open all steps");
  all.addEventListener("click", () => {
    const open = !isOpen();
    for (const derivation of derivations) derivation.open = open;
  });
  root.querySelector(".backward-pass .lead")?.after(all);

  // Formulas that are wider than their place scroll by themselves, and by keyboard too; the picture covers part of it.
  // All is measured before anything is changed, so that a long lesson is laid out once, and what is folded is not
  // measured, for it would have to be laid out first.
  function fit() {
    const covered = view.getComputedStyle(picture).position === "sticky" ? picture.offsetHeight : 0;
    const isHigher = picture.scrollHeight > picture.clientHeight + 1;
    const boxes = [...root.querySelectorAll(SCROLLING)].filter((box) => !box.closest(FOLDED));
    const wide = boxes.map((box) => box.scrollWidth > box.clientWidth + 1 || (box === picture && isHigher));
    boxes.forEach((box, index) => (wide[index] ? (box.tabIndex = 0) : box.removeAttribute("tabindex")));
    root.style.setProperty("--picture", `${covered}px`);
  }
  const resized = new view.ResizeObserver(fit);
  resized.observe(root);
  let frame = 0;
  const afterToggles = () => {
    frame = 0;
    fit();
    describe();
  };
  root.addEventListener("toggle", () => (frame ||= view.requestAnimationFrame(afterToggles)), {
    capture: true,
    signal,
  });

  // On paper, everything is there and open, whichever step the screen shows.
  let closed = [];
  let shown = 0;
  view.addEventListener(
    "beforeprint",
    () => {
      shown = current;
      current = 0;
      show(0, { follow: false });
      closed = [...root.querySelectorAll("details:not([open])")];
      for (const part of closed) part.open = true;
    },
    { signal },
  );
  view.addEventListener(
    "afterprint",
    () => {
      for (const part of closed) part.open = false;
      current = shown;
      show(shown, { follow: false });
    },
    { signal },
  );

  /** Leave the lesson as it was, without listeners and timers. */
  function destroy() {
    pause();
    listening.abort();
    resized.disconnect();
    view.cancelAnimationFrame(frame);
    all.remove();
    player.hidden = true;
    root.classList.remove("has-player");
  }

  size(picture);
  player.hidden = !controls;
  root.classList.toggle("has-player", controls);
  current = initial; // nobody needs to be told of it
  show(initial, { follow: false });
  if (root.isConnected) fit();
  describe();
  return lesson;
}

/** What belongs to which steps: lines of text, and in the picture nodes with their values and gradients. */
function partsByStep(root, steps, forward) {
  const numbers = (text, before = 0) => (text ?? "").split(" ").filter(Boolean).map((n) => before + Number(n));
  const parts = steps.map((step) => [step, numbers(step.dataset.step)]);
  for (const node of root.querySelectorAll(".picture .cr-vertex")) {
    const values = numbers(node.dataset.forward);
    const gradients = numbers(node.dataset.backward, forward);
    parts.push([node, [...values, ...gradients]]);
    for (const part of node.querySelectorAll(".cr-value, .cr-badge-forward")) parts.push([part, values]);
    for (const part of node.querySelectorAll(".cr-gradient, .cr-badge-backward")) parts.push([part, gradients]);
  }
  return parts;
}

/** Let the picture grow and shrink with its place; a policy may forbid that its markup says how far. */
function size(picture) {
  const svg = picture.querySelector("svg");
  for (const side of ["width", "height"]) picture.style.setProperty(`--${side}`, svg.getAttribute(side));
  picture.classList.add("is-sized");
}

function label(button, sign, words) {
  button.firstElementChild.textContent = sign;
  button.setAttribute("aria-label", words);
  button.title = words;
}
