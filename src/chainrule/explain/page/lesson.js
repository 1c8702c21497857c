"use strict";
// Steps through a lesson: text and picture show the same step at once, and the address holds it (#step=5).
// Without this script the page is complete: all steps are open, all numbers are there.
(() => {
  const SECONDS_PER_STEP = 2.5;
  const SCROLLING = ":is(.scroll, .piece, .term)"; // where they are wider than the page
  const player = document.querySelector(".player");
  const slider = player.querySelector("input");
  const said = player.querySelector(".said");
  const count = player.querySelector(".count");
  const play = player.querySelector("[data-go=play]");
  const picture = document.querySelector(".picture");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const forward = Number(player.dataset.forward);
  const byStep = (a, b) => a.dataset.step - b.dataset.step;
  const steps = [...document.querySelectorAll("[data-step]")].sort(byStep);
  const derivations = steps.filter((step) => step.matches("details"));
  let current = 0;
  let timer = 0;

  // What belongs to which steps: lines of text, and in the picture nodes with their values and gradients.
  const numbers = (text, before = 0) => (text ?? "").split(" ").filter(Boolean).map((n) => before + Number(n));
  const parts = steps.map((step) => [step, numbers(step.dataset.step)]);
  for (const node of picture.querySelectorAll(".cr-vertex")) {
    const values = numbers(node.dataset.forward);
    const gradients = numbers(node.dataset.backward, forward);
    parts.push([node, [...values, ...gradients]]);
    for (const part of node.querySelectorAll(".cr-value, .cr-badge-forward")) parts.push([part, values]);
    for (const part of node.querySelectorAll(".cr-gradient, .cr-badge-backward")) parts.push([part, gradients]);
  }
  const edges = [...picture.querySelectorAll(".cr-edge")];

  // What is read out: a folded step of one line of text says just that.
  const words = (step) => step.dataset.say ?? step.textContent;

  const phase = () => (current === 0 ? "all" : current <= forward ? "forward" : "backward");

  function show(step, { follow = true } = {}) {
    current = Math.min(Math.max(step, 0), steps.length);
    document.body.dataset.phase = phase();
    for (const [part, numbers] of parts) {
      part.classList.toggle("is-current", numbers.includes(current));
      part.classList.toggle("is-later", current > 0 && numbers.length > 0 && Math.min(...numbers) > current);
    }
    // A value comes along the edges into its node, a gradient along those out of it.
    const node = picture.querySelector(".cr-vertex.is-current")?.dataset.symbol;
    for (const edge of edges) {
      const end = current > forward ? edge.dataset.source : edge.dataset.target;
      edge.classList.toggle("is-current", node !== undefined && end === node);
    }
    for (const derivation of derivations) {
      derivation.open = Number(derivation.dataset.step) === current;
    }
    steps.forEach((part, index) => {
      if (index + 1 === current) part.setAttribute("aria-current", "step");
      else part.removeAttribute("aria-current");
    });
    slider.value = current;
    count.textContent = `${current} / ${steps.length}`;
    said.textContent = current ? words(steps[current - 1]) : "All steps. Press → to go through them one by one.";
    slider.setAttribute("aria-valuetext", said.textContent);
    player.querySelector("[data-go=previous]").disabled = current === 0;
    player.querySelector("[data-go=next]").disabled = current === steps.length;
    if (follow) remember();
    if (follow && current) bringIntoView(steps[current - 1]);
  }

  function remember() {
    const address = current ? `#step=${current}` : location.pathname + location.search;
    try {
      history.replaceState(null, "", address);
    } catch {
      // A page inside of another one, in a notebook say, may have no address of its own to change.
    }
  }

  function remembered() {
    const found = /^#step=(\d{1,6})$/.exec(location.hash);
    return found ? Number(found[1]) : null;
  }

  function bringIntoView(step) {
    for (let outer = step.parentElement; outer; outer = outer.parentElement) {
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

  function stop() {
    clearInterval(timer);
    timer = 0;
    label(play, "▶", "Play");
  }

  function start() {
    if (current === steps.length) show(0);
    timer = setInterval(() => {
      show(current + 1);
      if (current === steps.length) stop();
    }, SECONDS_PER_STEP * 1000);
    label(play, "❚❚", "Pause");
    show(current + 1);
  }

  function label(button, sign, words) {
    button.firstElementChild.textContent = sign;
    button.setAttribute("aria-label", words);
    button.title = words;
  }

  const go = {
    previous: () => show(current - 1),
    next: () => show(current + 1),
    first: () => show(0),
    last: () => show(steps.length),
  };

  player.addEventListener("click", (event) => {
    const name = event.target.closest("[data-go]")?.dataset.go;
    if (!name) return;
    const wasPlaying = timer !== 0;
    stop();
    if (name !== "play") go[name]();
    else if (!wasPlaying) start();
  });

  slider.addEventListener("input", () => {
    stop();
    show(Number(slider.value));
  });

  document.addEventListener("keydown", (event) => {
    const name = { ArrowLeft: "previous", ArrowRight: "next", Home: "first", End: "last" }[event.key];
    if (!name || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.matches(`input, ${SCROLLING}`)) return; // these use the keys themselves
    event.preventDefault();
    stop();
    go[name]();
  });

  addEventListener("hashchange", () => {
    const step = remembered();
    if (step !== null && step !== current) show(step);
  });

  // A button that opens all derivations, or closes them.
  const all = document.createElement("button");
  all.type = "button";
  all.className = "all";
  const isOpen = () => derivations.every((derivation) => derivation.open);
  const describe = () => (all.textContent = isOpen() ? "Close all steps" : "Open all steps");
  all.addEventListener("click", () => {
    const open = !isOpen();
    for (const derivation of derivations) derivation.open = open;
  });
  document.querySelector(".backward-pass .lead")?.after(all);

  // Formulas that are wider than the page scroll by themselves, and by keyboard too; the picture covers part of it.
  function fit() {
    const covered = getComputedStyle(picture).position === "sticky" ? picture.offsetHeight : 0;
    document.documentElement.style.setProperty("--picture", `${covered}px`);
    for (const box of document.querySelectorAll(SCROLLING)) {
      const isHigher = box === picture && box.scrollHeight > box.clientHeight + 1;
      if (isHigher || box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  }
  addEventListener("resize", fit);
  let frame = 0;
  const afterToggles = () => {
    frame = 0;
    fit();
    describe();
  };
  document.addEventListener("toggle", () => (frame ||= requestAnimationFrame(afterToggles)), true);

  // On paper, everything is there and open, whichever step the screen shows.
  let closed = [];
  let shown = 0;
  addEventListener("beforeprint", () => {
    shown = current;
    show(0, { follow: false });
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const part of closed) part.open = true;
  });
  addEventListener("afterprint", () => {
    for (const part of closed) part.open = false;
    show(shown, { follow: false });
  });

  player.hidden = false;
  document.body.classList.add("has-player");
  fit();
  show(remembered() ?? 0, { follow: remembered() !== null });
  describe();
})();
