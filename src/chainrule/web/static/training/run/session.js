// One tab of the server: it holds a run and an own table, and dies with this page.
import { newest, post, send, text } from "../../api.js";
import { openStream } from "./stream.js";

/**
 * @param {object} given
 * @param {(run: object) => void} given.onRun A run is ready to train.
 * @param {(frame: object) => void} given.onFrame
 * @param {(error: Error | null) => void} given.onError What the server could not do, or null when it could.
 * @param {(isOpen: boolean) => void} given.onConnection
 */
export function createSession({ onRun, onFrame, onError, onConnection }) {
  let tab = null;
  let opening = null;
  let own = null; // the file of the own table, to be sent again if the server has forgotten it, and how it is read
  let last = null;
  const stream = openStream({
    path: () => `/api/tabs/${tab}/events`,
    onFrame,
    onChange: onConnection,
    onLost: () => again().catch(() => setTimeout(stream.open, 2000)),
  });

  /** A tab of the server; two who ask at the same time get the same one. */
  function open() {
    opening ??= post("/api/tabs", {}).then((answer) => {
      tab = answer.tab;
      stream.open();
    });
    return opening.finally(() => (opening = null));
  }

  /** A new tab in place of one that the server has given up: with the same table, and the same run from its start. */
  async function again() {
    await open();
    await resend();
    if (last) prepare(last);
  }

  /** Does something in this tab; once more in a new one, with the same run at its start, if this one was given up. */
  async function within(task, { needsRun = true } = {}) {
    if (tab === null) await open();
    try {
      return await task(`/api/tabs/${tab}`);
    } catch (error) {
      if (error.status !== 404) throw error;
      await open();
      await resend();
      if (needsRun && last) onRun(await run(last));
      return task(`/api/tabs/${tab}`);
    }
  }

  /** Asks for a run, and for the axes that are wished where they are not those that the server begins with. */
  async function run({ source, settings, axes }) {
    const found = await within((path) => post(`${path}/run`, { source, settings }), { needsRun: false });
    const canTurn = axes && found.axes && axes.every((axis) => axis < found.features.length);
    if (!canTurn || axes.join() === found.axes.join()) return found;
    return { ...found, ...(await within((path) => post(`${path}/look`, { axes }), { needsRun: false })) };
  }

  const prepare = newest(async (wishes) => {
    last = wishes;
    try {
      const found = await run(wishes);
      onError(null);
      const goesOn = wishes.shouldPlay(); // before its first frame is shown, in which it stands
      onRun(found);
      if (goesOn) await control("play", wishes.speed());
    } catch (error) {
      onError(error);
    }
  }, Infinity);

  async function control(action, speed) {
    return within((path) => post(`${path}/control`, speed === undefined ? { action } : { action, speed }));
  }

  const put = (file) =>
    send(`/api/tabs/${tab}/table`, {
      method: "PUT",
      headers: { "Content-Type": "application/octet-stream", "X-File-Name": encodeURIComponent(file.name) },
      body: file,
    });

  async function resend() {
    if (!own) return;
    try {
      await put(own.file);
    } catch (error) {
      if (!own.reading) throw error;
      await readAnew(`/api/tabs/${tab}`);
    }
  }

  const readAnew = (path) => post(`${path}/schema`, own.reading);

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
    look: (axes) => within((path) => post(`${path}/look`, { axes })),
    sample: (row) => within((path) => post(`${path}/sample`, { row })),
    schema: (target, reading) =>
      within((path) => post(`${path}/schema`, { target, ...reading }), { needsRun: false }),
    /** Sends a table to the server's memory; gives back what its columns are. */
    async upload(file) {
      const schema = await within(() => put(file), { needsRun: false });
      own = { file, reading: null };
      return schema;
    },
    /** Has a table read in another way, which the server could not read when it was sent. */
    async readAnew(file, reading) {
      const before = own;
      own = { file, reading };
      try {
        return await within(readAnew, { needsRun: false });
      } catch (error) {
        own = before;
        throw error;
      }
    },
    /** The Python program that does the same as this run. */
    program: () => within((path) => text(`${path}/code`)),
    /** The address of a file of this run: model or report. */
    address: (name) => `/api/tabs/${tab}/${name}`,
    watch: stream.look,
  };
}
