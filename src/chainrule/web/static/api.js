// Talking to the server: JSON in, JSON or a file out, and errors that say what happened and what to do.

/** What the server could not do. */
class ApiError extends Error {
  /**
   * @param {number} status 0 where there was no answer.
   * @param {{what: string, shown?: string, fix?: string, name?: string, encoding?: string}} told
   * @param {object[]|null} values Of a formula: records of its names, which are known even so.
   */
  constructor(status, { what, shown = null, fix = null, name = null, encoding = null }, values = null) {
    super(what);
    Object.assign(this, { status, what, shown, fix, about: name, encoding, values });
  }
}

const SILENT = { what: "The server does not answer.", fix: "start it again with: chainrule serve" };

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, SILENT);
  }
  if (response.ok) return response;
  let told = {};
  try {
    told = await response.json();
  } catch {
    // no JSON: a proxy may have answered
  }
  throw new ApiError(response.status, told.error ?? { what: `The server answered ${response.status}.` }, told.values);
}

const posted = (body, signal) => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
  signal,
});

/** The JSON at an address. */
export async function get(path, { signal } = {}) {
  return (await ask(path, { signal })).json();
}

/** The text at an address. */
export async function text(path, { signal } = {}) {
  return (await ask(path, { signal })).text();
}

/** The JSON that is answered to JSON; null where the answer is empty. */
export async function post(path, body, { signal } = {}) {
  const response = await ask(path, posted(body, signal));
  return response.status === 204 ? null : response.json();
}

/** Any other request, such as bytes that are put somewhere. */
export async function send(path, options) {
  const response = await ask(path, options);
  return response.status === 204 ? null : response.json();
}

/** Post JSON, and save the file that is answered. */
export async function download(path, body) {
  const response = await ask(path, body === undefined ? {} : posted(body));
  const named = /filename\*?="?(?:UTF-8'')?([^";]+)/i.exec(response.headers.get("Content-Disposition") ?? "");
  save(await response.blob(), named ? decodeURIComponent(named[1]) : "lesson");
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/**
 * A function that does something for the newest input only: one task runs, one waits, those between are left out. So
 * every answer that comes is shown, none comes late, and a server is never asked twice at once.
 *
 * @param {(input: any, signal: AbortSignal) => Promise<void>} task
 * @param {number} [patience] Milliseconds after which a running task is given up for a newer one.
 */
export function newest(task, patience = 1000) {
  let running = null;
  let waiting = null;

  async function run(input) {
    const abort = new AbortController();
    running = { abort, since: performance.now() };
    try {
      await task(input, abort.signal);
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    } finally {
      running = null;
      if (waiting) {
        const next = waiting.input;
        waiting = null;
        run(next);
      }
    }
  }

  return (input) => {
    if (!running) return void run(input);
    waiting = { input };
    if (performance.now() - running.since > patience) running.abort.abort();
  };
}
