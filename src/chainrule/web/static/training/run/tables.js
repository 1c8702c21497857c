// The user's own tables. The page knows the files; the server's tab holds one of them at a time, the one that is worked with.
import { post, send } from "../../api.js";

/** How to send files to a tab; `tab()` is its address at the moment. */
export function createTables(tab) {
  const files = new Map(); // by number: the file, and how it could be read
  let held = null; // the number of the one that the server has
  let refused = null; // the file that it could not read, or only in another way
  let turn = Promise.resolve();

  /** One after the other, so that nothing meets another table than its own. */
  function inTurn(task) {
    const done = turn.then(task);
    turn = done.catch(() => {});
    return done;
  }

  async function put(file) {
    try {
      const schema = await send(`${tab()}/table`, {
        method: "PUT",
        headers: { "Content-Type": "application/octet-stream", "X-File-Name": encodeURIComponent(file.name) },
        body: file,
      });
      refused = null;
      return schema;
    } catch (error) {
      refused = file;
      throw error;
    }
  }

  /** Has a file read; in another way than the usual once the server has refused it. */
  async function read({ file, reading }) {
    if (refused !== file || !reading) {
      try {
        return await put(file);
      } catch (error) {
        if (!reading) throw error;
      }
    }
    const schema = await post(`${tab()}/schema`, reading);
    refused = null;
    return schema;
  }

  return {
    /** Sends a table to the server's memory; gives back what its columns are, and its number. */
    add: (file, reading = null) =>
      inTurn(async () => {
        const schema = await read({ file, reading });
        held = files.size + 1;
        files.set(held, { file, reading });
        return { ...schema, table: held };
      }),
    /** Does something while the server has the table of this number. */
    having: (number, task) =>
      inTurn(async () => {
        if (held !== number) await read(files.get(number));
        held = number;
        return task();
      }),
    /** The tab is a new one, which has no table. */
    forget() {
      held = refused = null;
    },
  };
}
