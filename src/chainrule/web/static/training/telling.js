// What a screen reader hears of a run: at calm intervals while it runs, at once when it pauses or stops.
import { loss, percent, r2 } from "./numbers.js";
import { scoreName, scoreOf } from "./run/frames.js";

/** Milliseconds between two sentences while the run goes on. */
const CALM = 8000;

/** A listener to frames that says what they mean. */
export function createTeller(announce) {
  let run = null;
  let wasRunning = false;
  let due = 0;

  return {
    prepare(next) {
      run = next;
      wasRunning = false;
      announce(`Ready: ${run.title}, ${run.parameters} parameters, ${run.rows.training} training rows. Epoch 0.`);
    },
    draw(frame) {
      const now = performance.now();
      const isNews = wasRunning && !frame.is_running;
      if (!isNews && (!frame.is_running || now < due)) {
        wasRunning = frame.is_running;
        return;
      }
      wasRunning = frame.is_running;
      due = now + CALM;
      announce(
        `${isNews ? "Paused. " : ""}Epoch ${frame.epoch}. ${said("training", frame, run)}${run.rows.validation ? `; ${said("validation", frame, run)}` : ""}.`,
      );
    },
  };
}

function said(rows, frame, run) {
  const score = scoreOf(frame.scores[rows], run.task);
  return `${rows} loss ${loss(frame.scores[rows]?.loss)}, ${scoreName(run.task)} ${run.task === "regression" ? r2(score) : percent(score)}`;
}
