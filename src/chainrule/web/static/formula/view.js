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
import { fromQuery, ofPreset, presetOf, rateOf, sentOf, toQuery, withValue } from "./state.js";
import { symbol } from "./symbol.js";
import { valueRows } from "./values.js";

/** Open the view in its part of the page. */
export function open(root, page) {
  const part = (selector) => root.querySelector(selector);
  let presets = [];
  let examples = null;
  let state = null;
  let names = []; // of the last formula that could be read
  let guessed = new Set(); // those whose values the server chose
  let dropped = null; // what was wrong with a value that an address gave
  let opened = 0; // how many examples and addresses were
  let shown = null; // the level of the lesson that is on the page
  let comes = true; // whether the next lesson is the first of an example or an address
  let known = new Set(); // of all lessons since an example or an address was opened
  const loading = load();

  const typed = editor(part("#statements"), part("#statements-error"), (statements) => {
    change({ statements }, { isStart: true });
  });
  const values = valueRows(part(".values"), {
    onInput: (name, text) => change(withValue(state, name, text), { isStart: true }),
    onWanted: (name) => change({ wrt: otherWanted(name) }),
  });
  const stage = lessonStage(part(".lesson-host"), (step) => change({ step }, { asks: false }));
  const down = descent(part(".descent-part"), {
    asked,
    onValues: (given) => change(moved(given), { isNew: true }),
    onRate: (lr) => change({ lr }, { asks: false }),
  });
  const levels = segmented({
    label: "Level",
    options: [
      { value: "statement", label: "Statements", title: "One node for each statement" },
      { value: "operation", label: "Operations", title: "One node for each operation" },
    ],
    value: "statement",
    onChange: (level) => change({ level }, { isNew: true }),
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

  /** An example's value that did not fit was replaced, and so it is no part of an address. */
  function query() {
    const isReplaced = (name) => guessed.has(name) && state.loose.includes(name);
    const there = names.length ? names.filter((name) => !isReplaced(name)) : Object.keys(state.values);
    return toQuery(state, presets, there);
  }

  function asked() {
    return sentOf(state, presets);
  }

  /** The state at other values, of which some may be what they were. */
  function moved(given) {
    const others = Object.entries(given).filter(([name, text]) => text !== state.values[name]);
    return others.reduce((part, [name, text]) => withValue(part, name, text), state);
  }

  /** Take over a part of the state that somebody changed. */
  function change(part, { asks = true, isStart = false, isNew = false } = {}) {
    state = { ...state, ...part };
    if (part.statements !== undefined) {
      state.note = ""; // it was about another formula
      down.rate = rateOf(state, presets);
    }
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
    guessed = new Set();
    known = new Set();
    dropped = null;
    comes = true;
    typed.text = state.statements;
    levels.value = state.level;
    closed.checked = state.showsClosed;
    down.rate = rateOf(state, presets);
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

  /** A name that is no more in the formula is not wanted, until somebody types it again. Where none is left, all are. */
  function forgetOld() {
    const left = state.wrt?.filter((name) => names.includes(name));
    if (!state.wrt || left.length === state.wrt.length) return;
    for (const name of state.wrt) if (!left.includes(name)) known.delete(name);
    change({ wrt: left.length ? left : null }, { asks: false });
  }

  /** A name that one types is wanted, whatever an example says of the names that it began with. */
  function wantNew() {
    const fresh = known.size ? names.filter((name) => !known.has(name)) : [];
    for (const name of names) known.add(name);
    if (state.wrt && fresh.length) change({ wrt: [...state.wrt, ...fresh] });
  }

  const answer = newest(async (asking, signal) => {
    const { level, showsClosed } = asking;
    const mine = opened; // what is answered to another example is of no use
    try {
      const lesson = await post("/api/lesson", { ...sentOf(asking, presets), level, closed_forms: showsClosed }, { signal });
      if (mine === opened) show(lesson);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      if (mine === opened) fail(error);
    }
  });

  /** A row for each name, also while something is wrong that may be mended there. */
  function showValues(records) {
    names = records.map((value) => value.name);
    guessed = new Set(records.filter((value) => !value.is_given).map((value) => value.name));
    forgetOld();
    wantNew();
    values.show(records, state.wrt);
  }

  function show(lesson) {
    typed.succeed();
    showValues(lesson.values);
    values.fail(dropped);
    const total = lesson.steps.forward + lesson.steps.backward;
    const isOther = !comes && lesson.level !== shown;
    const step = stage.show(lesson.html, { step: Math.min(state.step, total), goesThere: comes, isOther });
    shown = lesson.level;
    comes = false;
    if (step !== state.step) change({ step }, { asks: false });
    down.disabled = lesson.loss === null;
    part(".outcome").classList.remove("is-stale");
    part(".outcome").replaceChildren(symbol(lesson.output), " = ", outcome(lesson.loss));
    root.classList.remove("is-empty");
  }

  /** A value that an address gave wrongly has no field where it could be mended: go on without it, and say so. */
  function drop(error) {
    dropped = error;
    const { [error.about]: _, ...values } = state.values;
    change({ values, loose: state.loose.filter((name) => name !== error.about) });
  }

  function fail(error) {
    if (comes && error.about in state.values) return drop(error);
    if (error.values) showValues(error.values);
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
