// One tab of the server: it holds a run and an own table, and dies with this page.
import { newest, post, text } from "../../api.js";
import { openStream } from "./stream.js";
import { createTables } from "./tables.js";

/**
 * @param {object} given
 * @param {(run: object, wished: object, how: {isAgain: boolean}) => void} given.onRun A run is ready to train: another
 *   one, or the same again in a new tab.
 * @param {(error: Error, wished: object) => void} given.onRefused The server does not train what was wished.
 * @param {(frame: object) => void} given.onFrame
 * @param {(error: Error) => void} given.onError What could not be done.
 * @param {(isOpen: boolean) => void} given.onConnection
 */
export function createSession({ onRun, onRefused, onFrame, onError, onConnection }) {
  let tab = null;
  let opening = null;
  let last = null; // what was wished for the run that is there, or for the one that a silent server is still asked for
  const address = () => `/api/tabs/${tab}`;
  const tables = createTables(address);
  const stream = openStream({
    path: () => `${address()}/events`,
    onFrame,
    onChange: onConnection,
    onLost: () => again().catch(() => setTimeout(stream.open, 2000)),
  });

  /** A tab of the server; two who ask at the same time get the same one. */
  function open() {
    opening ??= post("/api/tabs", {}).then((answer) => {
      tab = answer.tab;
      tables.forget();
      stream.open();
    });
    return opening.finally(() => (opening = null));
  }

  /** A new tab in place of one that the server has given up, with the same run from its start. */
  async function again() {
    await open();
    if (last) prepare({ ...last, isAgain: true });
  }

  /** Does something in this tab; once more in a new one, with the same run at its start, if this one was given up. */
  async function within(task, { needsRun = true } = {}) {
    if (tab === null) await open();
    try {
      return await task(address());
    } catch (error) {
      if (error.status !== 404) throw error;
      await open();
      if (needsRun && last) onRun(await run(last), last, { isAgain: true });
      return task(address());
    }
  }

  /** Asks for a run, and for the axes that are wished where the table has them and the server begins with others. */
  async function run({ source: { table, name, ...source }, settings, axes }) {
    const asked = source.kind === "upload" ? source : { ...source, name };
    const ask = (path) => post(`${path}/run`, { source: asked, settings });
    const having = (path) => (table === undefined ? ask(path) : tables.having(table, () => ask(address())));
    const found = await within(having, { needsRun: false });
    const canTurn = axes?.every((axis) => found.axes_choices.some(({ index }) => index === axis));
    if (!canTurn || axes.join() === found.axes?.join()) return found;
    return { ...found, ...(await within((path) => post(`${path}/look`, { axes }), { needsRun: false })) };
  }

  const prepare = newest(async (wished) => {
    const before = last;
    last = wished;
    try {
      const found = await run(wished);
      const goesOn = wished.shouldPlay(); // before its first frame is shown, in which it stands
      onRun(found, wished, { isAgain: wished.isAgain ?? false });
      if (goesOn) await control("play", wished.speed());
    } catch (error) {
      if (!error.status) return void onError(error); // silent, or another fault: it is asked again when it is heard
      last = before;
      onRefused(error, wished);
    }
  }, Infinity);

  async function control(action, speed) {
    return within((path) => post(`${path}/control`, speed === undefined ? { action } : { action, speed }));
  }

  // Closing the page closes the tab at once; a page that comes back out of the browser's memory gets a new one.
  addEventListener("pagehide", () => {
    if (tab !== null) navigator.sendBeacon(`/api/tabs/${tab}/close`);
    stream.close();
    tab = null;
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) again().catch(onError);
  });

  return {
    prepare,
    control,
    /** Turns the plane to other features, in which the run is shown from now on. */
    async look(axes) {
      const turned = await within((path) => post(`${path}/look`, { axes }));
      last = { ...last, axes };
      return turned;
    },
    sample: (row) => within((path) => post(`${path}/sample`, { row })),
    /** What the columns of a table are, with another target or read in another way. */
    async schema(table, target, reading) {
      const ask = () => tables.having(table, () => post(`${address()}/schema`, { target, ...reading }));
      return { ...(await within(ask)), table };
    },
    /** Sends a table to the server's memory, perhaps to be read in another way; gives back what its columns are. */
    upload: (file, reading) => within(() => tables.add(file, reading)),
    /** The Python program that does the same as this run. */
    program: () => within((path) => text(`${path}/code`)),
    /** The address of a file of this run: model or report. */
    address: (name) => `${address()}/${name}`,
    watch: stream.look,
  };
}
