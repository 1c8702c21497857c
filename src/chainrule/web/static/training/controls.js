// The bar that stays in view: play, single steps, where the run is, how fast it goes.
import { freshId, h, releaseAfterPointer, say } from "../common/dom.js";
import { loss, percent, r2, whole } from "./numbers.js";
import { scoreName, scoreOf } from "./run/frames.js";

/** Epochs per second, null for as many as possible. */
const SPEEDS = [
  ...[1, 5, 20, 60, 200].map((speed) => ({
    speed,
    label: `${speed} ${speed === 1 ? "epoch" : "epochs"}/s`,
    value: `${speed} ${speed === 1 ? "epoch" : "epochs"} a second`,
  })),
  { speed: null, label: "full speed", value: "as fast as possible" },
];
const FIRST = 2;

/**
 * @param {HTMLElement} root
 * @param {object} given
 * @param {(action: "play" | "pause" | "step" | "epoch" | "reset", speed?: number | null) => void} given.onAction
 */
export function createControls(root, { onAction }) {
  let isPlaying = false;
  let task = "binary";
  const sign = h("span", { class: "tr-sign", "aria-hidden": "true" });
  const word = h("span", {});
  const play = h(
    "button",
    { type: "button", class: "button is-main tr-play", title: "Space", onclick: () => toggle() },
    sign,
    word,
  );
  const button = (action, words, title) =>
    h("button", { type: "button", class: "button", title, onclick: () => act(action) }, words);
  const id = freshId("speed");
  const speed = h(
    "select",
    { id, class: "field", onchange: () => isPlaying && onAction("play", chosen()) },
    SPEEDS.map(({ label, value }, i) => h("option", { value, title: value, selected: i === FIRST }, label)),
  );
  releaseAfterPointer(speed);
  const readouts = Object.fromEntries(
    ["epoch", "step", "training-loss", "validation-loss", "training-score", "validation-score"].map((name) => [
      name,
      h("span", { "data-readout": name, class: "tr-digits" }, "–"),
    ]),
  );
  const score = h("span", {});
  const rate = h("span", { class: "tr-rate tr-faint tr-digits" });
  const buttons = [
    play,
    button("step", "One step", "One update of the weights"),
    button("epoch", "One epoch", "Once through all training rows"),
    button("reset", "Reset", "Back to the first weights"),
  ];
  for (const one of buttons) one.disabled = true; // until there is a run
  root.append(
    h("div", { class: "tr-buttons", role: "group", "aria-label": "Training" }, buttons),
    h(
      "dl",
      { class: "tr-readouts" },
      pair("epoch", readouts.epoch, h("small", {}, "step ", readouts.step)),
      pair("loss", part(readouts["training-loss"]), part(readouts["validation-loss"], true)),
      pair(score, part(readouts["training-score"]), part(readouts["validation-score"], true)),
    ),
    h("div", { class: "tr-speed" }, h("label", { for: id, class: "visually-hidden" }, "Speed"), speed, rate),
  );

  const chosen = () => SPEEDS[speed.selectedIndex].speed;

  function show(playing) {
    isPlaying = playing;
    say(sign, playing ? "❚❚" : "▶");
    say(word, playing ? "Pause" : "Play");
  }

  function act(action) {
    show(false);
    onAction(action);
  }

  function toggle() {
    if (play.disabled) return;
    show(!isPlaying);
    if (isPlaying) say(rate, "starting …"); // the first run of a network is compiled
    if (isPlaying) onAction("play", chosen());
    else onAction("pause");
  }

  show(false);
  return {
    toggle,
    show,
    get isPlaying() {
      return isPlaying;
    },
    get speed() {
      return chosen();
    },
    prepare(run) {
      for (const one of buttons) one.disabled = false;
      task = run.task;
      say(score, scoreName(task));
      for (const [name, node] of Object.entries(readouts)) say(node, name === "epoch" || name === "step" ? "0" : "–");
      root.classList.toggle("is-without-validation", !run.rows.validation);
      say(rate, "");
    },
    draw(frame) {
      say(readouts.epoch, whole(frame.epoch));
      say(readouts.step, whole(frame.step));
      for (const rows of ["training", "validation"]) {
        say(readouts[`${rows}-loss`], loss(frame.scores[rows]?.loss));
        const value = scoreOf(frame.scores[rows], task);
        say(readouts[`${rows}-score`], task === "regression" ? r2(value) : percent(value));
      }
      const { epochs_per_second: pace } = frame;
      rate.classList.toggle("is-bad", frame.stopped?.reason === "diverged");
      if (frame.stopped?.reason === "diverged") say(rate, "diverged");
      else if (frame.epoch || frame.step || !frame.is_running)
        say(rate, frame.is_running && pace ? `${pace >= 10 ? whole(Math.round(pace)) : pace.toFixed(1)}/s` : "");
    },
  };
}

const pair = (name, ...values) => h("div", {}, h("dt", {}, name), h("dd", {}, values));

const part = (value, isValidation = false) =>
  h(
    "span",
    { class: isValidation ? "is-validation" : "is-training" },
    h("span", { class: "visually-hidden" }, isValidation ? "validation " : "training "),
    value,
  );
