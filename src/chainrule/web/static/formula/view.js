// The formula view: what is typed goes to the server, and what it answers is shown.

import { get, newest, post } from "../api.js";
import { h, releaseAfterPointer } from "../common/dom.js";
import { short } from "../common/numbers.js";
import { segmented } from "../common/segmented.js";
import { tooltip } from "../common/tooltip.js";
import { descent } from "./descent.js";
import { editor, errorBox } from "./editor.js";
import { exportMenu } from "./exporting.js";
import { lessonStage } from "./lesson.js";
import { presetChoice } from "./presets.js";
import { fromQuery, ofPreset, presetOf, toQuery } from "./state.js";
import { symbol } from "./symbol.js";
import { valueRows } from "./values.js";

/** Open the view in its part of the page. */
export function open(root, page) {
  const part = (selector) => root.querySelector(selector);
  let presets = [];
  let examples = null;
  let state = null;
  let names = []; // of the last good lesson
  let dropped = null; // what was wrong with a value that an address gave
  let opened = 0; // how many examples and addresses were
  let comes = true; // whether the next lesson is the first of an example or an address
  let known = new Set(); // of all lessons since an example or an address was opened
  const loading = load();

  const typed = editor(part("#statements"), part("#statements-error"), (statements) => {
    change({ statements }, { isStart: true });
  });
  const values = valueRows(part(".values"), {
    onInput: (name, text) => change({ values: { ...state.values, [name]: text } }, { isStart: true }),
    onWanted: (name) => change({ wrt: otherWanted(name) }),
  });
  const stage = lessonStage(part(".lesson-host"), (step) => change({ step }, { asks: false }));
  const down = descent(part(".descent-part"), {
    asked,
    onValues: (given) => change({ values: { ...state.values, ...given } }, { isNew: true }),
    onRate: (lr) => change({ lr }, { asks: false }),
  });
  const levels = segmented({
    label: "Level",
    options: [
      { value: "statement", label: "Statements", title: "One node for each statement" },
      { value: "operation", label: "Operations", title: "One node for each operation" },
    ],
    value: "statement",
    onChange: (level) => change({ level, step: 0 }, { isNew: true }),
  });
  const closed = h("input", {
    type: "checkbox",
    onchange: () => change({ showsClosed: closed.checked }),
  });
  const closedLabel = h("label", { class: "check" }, closed, "Closed forms");
  releaseAfterPointer(closed, closedLabel);
  tooltip(closedLabel, "Show the short formulas that simplification finds, such as ∂L/∂z = ŷ − y.");
  const files = exportMenu({ asked: () => ({ ...asked(), level: state.level }), onError: say });
  part(".toolbar-controls").append(levels.element, closedLabel, files.element);

  async function load() {
    presets = (await get("/api/presets")).presets;
    examples = presetChoice(part(".presets"), part(".preset-note"), presets, (preset) => {
      const { level, showsClosed } = state;
      become({ ...ofPreset(preset), level, showsClosed });
      page.remember(query(), { isNew: true });
    });
  }

  const query = () => toQuery(state, presets, names.length ? names : Object.keys(state.values));

  function asked() {
    return { statements: state.statements, values: { ...state.values }, wrt: state.wrt };
  }

  /** Take over a part of the state that somebody changed. */
  function change(part, { asks = true, isStart = false, isNew = false } = {}) {
    state = { ...state, ...part };
    if (part.statements !== undefined) state.note = ""; // it was about another formula
    if (isStart) {
      dropped = null;
      down.clear();
    }
    if (asks) answer(state);
    examples.show(presetOf(state, presets), state.note);
    page.remember(query(), { isNew });
  }

  /** Take over a whole state, and let every control show it. */
  function become(next) {
    state = next;
    opened += 1;
    names = [];
    known = new Set();
    dropped = null;
    comes = true;
    typed.text = state.statements;
    levels.value = state.level;
    closed.checked = state.showsClosed;
    down.rate = state.lr;
    down.clear();
    examples.show(presetOf(state, presets), state.note);
    answer(state);
  }

  function otherWanted(name) {
    const wanted = new Set(state.wrt ?? names);
    if (!wanted.delete(name)) wanted.add(name);
    const list = names.filter((each) => wanted.has(each));
    return list.length === names.length ? null : list;
  }

  /** A name that one types is wanted, whatever an example says of the names that it began with. */
  function wantNew() {
    const fresh = known.size ? names.filter((name) => !known.has(name)) : [];
    for (const name of names) known.add(name);
    if (!state.wrt?.some((name) => names.includes(name))) state.wrt = null; // none is left: then all are wanted
    if (state.wrt && fresh.length) change({ wrt: [...state.wrt, ...fresh] });
  }

  const answer = newest(async (asking, signal) => {
    const { statements, level, wrt, showsClosed } = asking;
    const mine = opened; // what is answered to another example is of no use
    try {
      const lesson = await post("/api/lesson", { statements, values: asking.values, level, wrt, closed_forms: showsClosed }, { signal });
      if (mine === opened) show(lesson);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      if (mine === opened) fail(error);
    }
  });

  function show(lesson) {
    names = lesson.values.map((value) => value.name);
    wantNew();
    typed.succeed();
    values.show(lesson.values, state.wrt);
    values.fail(dropped);
    const total = lesson.steps.forward + lesson.steps.backward;
    state.step = Math.min(state.step, total);
    stage.show(lesson.html, { ...state, goesThere: comes });
    comes = false;
    down.disabled = lesson.loss === null;
    part(".outcome").classList.remove("is-stale");
    part(".outcome").replaceChildren(symbol(lesson.output), " = ", outcome(lesson.loss));
    root.classList.remove("is-empty");
  }

  /** A value that an address gave wrongly has no field where it could be mended: go on without it, and say so. */
  function drop(error) {
    dropped = error;
    const { [error.about]: _, ...values } = state.values;
    change({ values });
  }

  function fail(error) {
    if (comes && error.about in state.values) return drop(error);
    stage.refresh({ isStale: true });
    part(".outcome").classList.add("is-stale");
    down.disabled = true;
    if (!values.fail(error)) typed.fail(error);
    else typed.succeed();
    root.classList.remove("is-empty");
  }

  const outcome = (loss) =>
    loss === null ? h("strong", { class: "is-bad" }, "not finite") : h("strong", {}, short(loss, 6));

  function say(error) {
    page.announce(error.what ?? String(error));
    if (error.what) typed.fail(error);
  }

  return {
    query,
    async show(given) {
      try {
        await loading;
      } catch (error) {
        root.classList.remove("is-empty");
        part(".lesson-host").replaceChildren(errorBox(error));
        return;
      }
      become(fromQuery(given, presets));
      const isKnown = presets.some(({ id }) => id === given.get("preset"));
      if (given.has("preset") && !given.has("f") && !isKnown) page.remember(query());
    },
    hide() {
      stage.pause();
    },
  };
}
