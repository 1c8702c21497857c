// What the formula view shows, as plain data, and the same in an address. Anybody may have written an address.

import { wholeNumber } from "../address.js";
import { typedNumber } from "../common/numbers.js";

const LEVELS = ["statement", "operation"];
const LONGEST_NOTE = 500;
const RATE = 0.1;
const MARK = "."; // before the name of a value, so that a value may be called "step"

/**
 * @typedef {object} State
 * @property {string} statements
 * @property {Record<string, string>} values Texts by name; a name without one has not been given a value yet.
 * @property {string[]} loose Names whose values are those of an example, and go where they do not fit another formula.
 * @property {string[]|null} wrt Names whose gradients are wanted; null for all.
 * @property {"statement"|"operation"} level
 * @property {boolean} showsClosed
 * @property {number} step Of the lesson; 0 shows all.
 * @property {number|null} lr The learning rate that somebody chose; null for that of the example, or the usual one.
 * @property {string} note What the formula is, where it came from the training view.
 */

/** @returns {State} */
export function ofPreset(preset) {
  return {
    statements: preset.statements,
    values: { ...preset.values },
    loose: Object.keys(preset.values),
    wrt: preset.wrt ?? null,
    level: "statement",
    showsClosed: false,
    step: 0,
    lr: null,
    note: "",
  };
}

/** The state that an address describes; where it says nothing of a formula, that of the first preset. */
export function fromQuery(query, presets) {
  const preset = presets.find((each) => each.id === query.get("preset")) ?? presets[0];
  const typed = query.get("f");
  const state = ofPreset(typed === null ? preset : { statements: typed, values: {} });
  for (const [key, text] of query) {
    if (key.startsWith(MARK) && key.length > 1) Object.assign(state, withValue(state, key.slice(MARK.length), text));
  }
  const wrt = query.get("wrt");
  if (wrt !== null) state.wrt = wrt ? wrt.split(",") : null;
  if (LEVELS.includes(query.get("level"))) state.level = query.get("level");
  state.showsClosed = query.get("closed") === "1";
  state.step = wholeNumber(query, "step");
  if (typed !== null) state.note = (query.get("note") ?? "").slice(0, LONGEST_NOTE);
  const lr = typedNumber(query.get("lr") ?? "");
  if (lr !== null && lr > 0) state.lr = lr;
  return state;
}

/** The part of a state in which a name has a value that somebody gave it. */
export function withValue({ values, loose }, name, text) {
  return { values: { ...values, [name]: text }, loose: loose.filter((other) => other !== name) };
}

/** What the server needs to know of a formula. An example's own values fit it, whatever somebody makes of one of them. */
export function sentOf(state, presets) {
  const { statements, values, wrt } = state;
  return { statements, values, wrt, loose: presetOf(state, presets) ? [] : state.loose };
}

/** What an address says of a state, in as few words as possible. */
export function toQuery(state, presets, names) {
  const query = new URLSearchParams();
  const preset = presetOf(state, presets);
  const from = preset ? ofPreset(preset) : null;
  if (preset) query.set("preset", preset.id);
  else query.set("f", state.statements);
  for (const name of names) {
    const text = state.values[name];
    if (text !== undefined && text !== from?.values[name]) query.set(MARK + name, text);
  }
  if (!isSame(state.wrt, from?.wrt ?? null)) query.set("wrt", (state.wrt ?? []).join(","));
  if (state.level !== "statement") query.set("level", state.level);
  if (state.showsClosed) query.set("closed", "1");
  const lr = rateOf(state, presets);
  if (lr !== (preset?.lr ?? RATE)) query.set("lr", String(lr));
  if (state.step) query.set("step", String(state.step));
  if (state.note && !preset) query.set("note", state.note);
  return query;
}

/** The learning rate. That of an example goes with its statements: another formula may need quite another one. */
export function rateOf(state, presets) {
  return state.lr ?? presetOf(state, presets)?.lr ?? RATE;
}

/** The preset whose statements these are. */
export function presetOf(state, presets) {
  return presets.find((preset) => preset.statements === state.statements);
}

const isSame = (left, right) => JSON.stringify(left) === JSON.stringify(right);
