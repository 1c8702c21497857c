// The training view at work: what the user wishes goes to the server, what comes back is drawn.
import { download, get, newest } from "../api.js";
import { afterwards } from "../common/calm.js";
import { h } from "../common/dom.js";
import { createBanner } from "./banner.js";
import { createControls } from "./controls.js";
import { createData } from "./data/data.js";
import { createSchema } from "./data/schema.js";
import { build } from "./layout.js";
import { createLooks } from "./looks.js";
import { createModel } from "./model.js";
import { createLayers } from "./network/layers.js";
import { onThemeChange } from "./palette.js";
import { problemNotice } from "./problem.js";
import { fits } from "./run/frames.js";
import { sampleQuery } from "./run/sample.js";
import { createSession } from "./run/session.js";
import { createTakeaway } from "./takeaway.js";
import { createTeller } from "./telling.js";
import { hasLayers, isOwn, readWishes, writeWishes } from "./wishes.js";

/** Milliseconds after the last change until a new run is asked for. */
const PATIENCE = 120;
/** Milliseconds after an answer in which frames may still be of the time before a button was pressed. */
const ECHO = 600;

/** Builds the view for what the server has, its catalog. */
export function createDesk(root, page, catalog) {
  let wishes = null;
  let kept = null; // the wishes of the run that is there, to which refused ones give way
  let edits = 0; // how often the wishes were changed
  let isStanding = false; // why wishes were refused, is to be seen until there are others
  let run = null;
  let last = null; // frame
  let hasBegun = false; // whether this run was seen beyond its start
  let early = null; // a frame of the run whose description is still on its way
  let ownTask = "binary";
  let isShown = false;
  let acts = 0; // how often a button was pressed
  let quietUntil = 0;
  const parts = build(root);
  const session = createSession({
    ...{ onRun, onRefused, onFrame },
    onError: tell,
    onConnection: (isOpen) => (parts.link.hidden = isOpen),
  });
  const controls = createControls(parts.bar, { onAction: act });
  const data = createData(parts.data, {
    catalog,
    area: root,
    onChange: change,
    onFile: take,
    onColumns: () => schema.open(),
  });
  const model = createModel(parts.model, { catalog, onChange: change });
  const layers = createLayers(parts.layers, { limits: catalog.limits, onChange: change });
  const schema = createSchema(parts.schema, { check: session.schema, onUse: use, announce: page.announce });
  const banner = createBanner(parts.banner, { onRate: calmDown });
  const looks = createLooks(parts, {
    limits: catalog.limits,
    onAxes: newest(turn, Infinity),
    onOpen: openRow,
    onUnits: layers.change,
    announce: page.announce,
  });
  const teller = createTeller(page.announce);
  const prepareSoon = afterwards(PATIENCE, prepare);
  createTakeaway(parts.takeaway, {
    onDownload: (name) => tried(() => download(session.address(name))),
    program: session.program,
  });
  // What the user does -----------------------------------------------------------------------------------------------

  function change(edit) {
    const before = taskOf();
    begin();
    edit(wishes);
    if (taskOf() !== before) wishes.settings.loss = "auto"; // the usual one of the other task
    tidy();
    showWishes();
    prepareSoon();
  }

  /** Other wishes: what was wrong with the ones before is past. */
  function begin() {
    edits += 1;
    isStanding = false;
    tell(null);
    parts.anew.hidden = true;
  }

  /** Asks for the run that is wished; a new table waits until somebody presses play. */
  function prepare({ isNewTable = false, isFallback = false } = {}) {
    page.remember(writeWishes(wishes));
    const before = acts;
    session.prepare({
      ...structuredClone(wishes),
      ...{ edit: edits, isNewTable, isFallback },
      shouldPlay: () => controls.isPlaying && !(isNewTable && acts === before),
      speed: () => controls.speed,
    });
  }

  function taskOf() {
    return catalog.datasets.find((set) => set.id === wishes.source.name)?.task ?? ownTask;
  }

  /** What does not fit the table's task any more gives way to what does. */
  function tidy() {
    const { settings, source } = wishes;
    const task = taskOf();
    if (hasLayers(settings) && !settings.hidden.length) settings.hidden = catalog.defaults.settings.hidden;
    const losses = catalog.losses[task].map(({ id }) => id); // the usual one comes first
    if (!losses.includes(settings.loss)) settings.loss = source.kind === "upload" ? "auto" : losses[0];
  }

  function showWishes() {
    data.set(wishes);
    model.set(wishes, taskOf());
    layers.set(wishes);
  }

  /** The answer to the newest button says whether the run goes on, and only then frames do again. */
  async function act(action, speed) {
    const mine = (acts += 1);
    let state = null;
    quietUntil = Infinity;
    parts.anew.hidden = true;
    await tried(async () => (state = await session.control(action, speed)));
    if (mine !== acts) return;
    quietUntil = performance.now() + ECHO;
    const { is_running: isRunning = false, stopped } = last ?? {};
    controls.show(!stopped && (state?.is_running ?? isRunning)); // it may have stopped before the answer was heard
  }

  function calmDown(lr) {
    change(({ settings }) => (settings.lr = lr));
    controls.show(true);
  }

  async function take(file) {
    const most = catalog.limits.upload_bytes;
    await showTable(file, () => {
      if (most && file.size > most)
        throw Object.assign(
          new Error(`${file.name} has ${megabytes(file.size)}; this page takes ${megabytes(most)}.`),
          { fix: "Train it with: chainrule train FILE" },
        );
      return session.upload(file);
    });
  }

  /** Shows the columns of a table as the server reads it; where it cannot, it may be read in another way. */
  async function showTable(file, read, reading) {
    data.upload.reading(file.name);
    try {
      const found = await read();
      schema.show(found, { isNew: true, reading });
      data.upload.offer(found.name);
    } catch (error) {
      schema.refuse(file.name, error, {
        reading,
        onRead: (other) => showTable(file, () => session.upload(file, other), other),
      });
    } finally {
      data.upload.reading(null);
    }
  }

  function use(source, task) {
    ownTask = task;
    controls.show(false);
    change((now) => {
      Object.assign(now, { source, axes: null, awaited: null });
      now.settings.loss = "auto"; // only the server knows the task for sure
    });
    prepareSoon({ isNewTable: true });
  }

  async function turn(axes) {
    const turned = run;
    await tried(async () => {
      const { points } = await session.look(axes);
      if (run !== turned) return; // another table has other features
      wishes.axes = kept.axes = axes;
      page.remember(writeWishes(wishes));
      looks.turn(points, axes);
    });
    looks.showAxes(); // of what is drawn, also where the server was silent
  }

  function openRow(row) {
    return tried(async () => {
      const sample = await session.sample(row);
      page.go("formula", sampleQuery(sample));
      page.announce(sample.note);
    });
  }

  async function tried(task) {
    try {
      await task();
      if (!isStanding) tell(null);
    } catch (error) {
      tell(error);
    }
  }

  // What the server says ---------------------------------------------------------------------------------------------

  function onRun(next, wished, { isAgain }) {
    if (isAgain && hasBegun) parts.anew.hidden = false;
    run = next;
    last = null;
    hasBegun = false;
    kept = structuredClone(wishesOf(wished));
    if (kept.axes?.join() !== run.axes?.join()) kept.axes = null; // this table does not have them
    ownTask = run.task;
    if (wished.edit === edits) {
      wishes.axes = kept.axes;
      page.remember(writeWishes(wishes));
    }
    tidy();
    showWishes();
    if (!isStanding) tell(null);
    controls.prepare(run);
    looks.prepare(run);
    teller.prepare(run);
    banner.draw(null);
    if (early && fits(run, early)) onFrame(early);
    early = null;
  }

  /** What cannot be trained leaves everything as it was; what a link asks for in vain gives way to what is usual. */
  function onRefused(error, { edit, isNewTable, isFallback = false }) {
    if (edit !== edits) return; // there are newer wishes, which have an answer of their own
    isStanding = true;
    if (kept) {
      wishes = structuredClone(kept);
      ownTask = run.task;
    } else if (!isFallback) {
      wishes = readWishes(new URLSearchParams(), catalog);
      tidy();
    }
    showWishes();
    page.remember(writeWishes(wishes));
    if (isNewTable) return schema.fail(error);
    const again = () => h("button", { type: "button", class: "button", onclick: () => prepare() }, "Try again");
    tell(error, ...(isFallback ? [again()] : []));
    if (!kept && !isFallback) prepare({ isFallback: true });
  }

  function onFrame(frame) {
    if (!run || !fits(run, frame)) {
      early = frame;
      return;
    }
    last = frame;
    hasBegun ||= frame.epoch > 0 || frame.step > 0;
    if (frame.stopped || performance.now() > quietUntil) controls.show(frame.is_running);
    controls.draw(frame);
    looks.draw(frame);
    teller.draw(frame);
    banner.draw(frame.stopped);
  }

  /** Says what could not be done; null when that is past. */
  function tell(error, ...buttons) {
    parts.problem.replaceChildren(...(error ? [problemNotice(error, ...buttons)] : []));
  }

  // The page ---------------------------------------------------------------------------------------------------------

  document.addEventListener("keydown", (event) => {
    const isFree = event.target === document.body || event.target.id === "main";
    if (event.key !== " " || !isShown || !isFree || event.repeat) return;
    event.preventDefault();
    controls.toggle();
  });
  function recolour() {
    looks.recolour();
    data.recolour(looks.palette);
  }
  onThemeChange(recolour);
  get("/api/training/previews").then(
    (previews) => data.take(previews, looks.palette),
    () => {},
  ); // pictures only

  return {
    show(query) {
      isShown = true;
      session.watch(true);
      const isOther = !wishes || (query.size > 0 && writeWishes(wishes).toString() !== query.toString());
      if (!isOther) return;
      begin();
      const own = wishes?.source.kind === "upload" && isOwn(query, wishes.source.name) ? wishes.source : null;
      wishes = readWishes(query, catalog);
      if (own) Object.assign(wishes, { source: own, awaited: null });
      tidy();
      showWishes();
      controls.show(false);
      prepare();
    },
    hide() {
      isShown = false;
      session.watch(false);
    },
    query: () => writeWishes(wishes),
  };
}

/** The wishes alone, of what goes to the server with them. */
const wishesOf = ({ source, settings, axes, awaited }) => ({ source, settings, axes, awaited });

/** A size as the server tells its own: a MB has 1024² bytes. */
const megabytes = (bytes) => `${(bytes / 1024 ** 2).toFixed(1).replace(".0", "")} MB`;
