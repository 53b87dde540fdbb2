/**
 * Stage 0 in the page: a language model trained on generated threads or the user's texts, kept in the library at its end.
 * Its texts, settings and state lie in the store until then, so that it can go on after a reload.
 */
import { scopeStore } from "../core/artifacts/scope";
import type { Store } from "../core/artifacts/store";
import { checkpointFromBlobs } from "../core/checkpoints";
import type { Library } from "../core/checkpoints/library";
import { checkPretrain, PRETRAIN_DEFAULTS, type PretrainSettings, sizeWord } from "../core/config/pretrain";
import { experimentSchema } from "../core/config/schema";
import { blobEntry, openFiles } from "../core/data/files";
import { readLanguageTexts } from "../core/data/languageTexts";
import { LabError } from "../core/errors";
import type { AdapterRecord, LossPoint } from "../core/formats/result";
import { createControl, type RunControl } from "../core/pipeline/control";
import { settleEngine } from "../core/pipeline/engine";
import { languageFolder } from "../core/pipeline/languageFolder";
import type { BufferLimits } from "../core/pipeline/memory";
import { languageConfig, pretrain, STATE_FILE, thinned } from "../core/pipeline/pretrain";
import { planPretrain, pretrainProblem } from "../core/pipeline/pretrainPlan";
import { generatedTexts } from "../core/pipeline/pretrainTexts";
import { testBeforeRun } from "../core/pipeline/selfTest";
import { readState } from "../core/training/state";
import type { Gpu } from "../gpu/device";
import type { TowerOps } from "../gpu/ops";
import { errorReport } from "./events";
import type { Commands, LanguageSource, PretrainReport } from "./protocol";
import type { TrainingLock } from "./trainingLock";

export interface PretrainHost {
  store: Store;
  library: Library;
  codeVersion: string;
  limits(): BufferLimits | undefined;
  /** @throws LabError where something is trained already */
  needIdle(): void;
  /** @throws LabError where a CPU stands in for the GPU and these are too many operations */
  needSmall(flops: number, what: string, smaller: string): void;
  open(): Promise<{ gpu: Gpu; ops: TowerOps; adapter: AdapterRecord }>;
  /** From now on this is what trains; settles once the GPU is free for it. */
  take(control: RunControl): Promise<void>;
  release(): void;
  emit(report: PretrainReport | null): void;
  /** Held while it trains. */
  lock: TrainingLock;
}

type Handlers = {
  [K in "planPretrain" | "readText" | "pretrain" | "pretrainState" | "resumePretrain" | "dropPretrain"]: (
    payload: Commands[K][0],
  ) => Promise<Commands[K][1]>;
};

/** What is kept of a training beside its state. */
interface Kept {
  name: string;
  settings: PretrainSettings;
  source: LanguageSource;
  /** On the texts, for the model card; empty until they are there. */
  words: string;
}

const FOLDER = "pretrain";
const KEPT = "training.json";
const TEXTS = "texts.json";
const EVERY_MS = 250;
const SAVE_SECONDS = 10;
const CURVE_POINTS = 120;

export function pretrainHandlers(host: PretrainHost): Handlers {
  const store = scopeStore(host.store, FOLDER);
  /** The texts that were read last. */
  let held: { name: string; texts: string[] } | null = null;
  let report: PretrainReport | null = null;
  /** Another tab's training is waited for. */
  let waiting = false;
  const underWay = () => report?.status === "running" || report?.status === "paused";

  const writeJson = (path: string, value: unknown) =>
    store.write(path, new TextEncoder().encode(JSON.stringify(value)));
  const readJson = async <T>(path: string): Promise<T | null> => {
    const bytes = await store.read(path);
    return bytes && (JSON.parse(new TextDecoder().decode(bytes)) as T);
  };
  /** What was cut off, with what it has reached. */
  const unfinished = async (): Promise<PretrainReport | null> => {
    const kept = await readJson<Kept>(KEPT);
    if (!kept) return null;
    const bytes = await store.read(STATE_FILE);
    const state = bytes && readState(bytes);
    return {
      ...begun(kept),
      status: "interrupted",
      step: state?.step ?? 0,
      ...curves(state?.losses ?? [], state?.validation ?? []),
    };
  };
  const needRoom = (settings: PretrainSettings, memoryLimit: number) => {
    checkPretrain(settings);
    const plan = planPretrain(settings);
    const problem = pretrainProblem(plan, memoryLimit, host.limits());
    if (problem) throw problem;
    host.needSmall(plan.flops, "This training", "Take fewer steps or a smaller model");
  };

  /** Trains in the background; told by events. Every outcome is caught here. */
  const train = async (kept: Kept, memoryLimit: number, texts: string[] | null): Promise<PretrainReport> => {
    host.needIdle();
    needRoom(kept.settings, memoryLimit);
    const teller = createTeller(begun(kept), (said) => {
      report = said;
      host.emit(said);
    });
    const control = savingControl(
      createControl((paused) => teller.say({ status: paused ? "paused" : "running" }, true)),
    );
    const free = host.take(control);
    let unlock = () => {};
    try {
      await free;
      unlock = await host.lock.hold();
      const device = await host.open();
      needRoom(kept.settings, memoryLimit); // the device's limits are known now
      await writeJson(KEPT, kept);
      if (texts) await writeJson(TEXTS, texts);
      teller.say({}, true);
      void work(kept, device, control, teller)
        .then((stored) => ({ status: "done" as const, stored }))
        .catch(async (error: unknown) => {
          const outcome = outcomeOf(error);
          // What failed before it had learned anything is not to be gone on with.
          if (outcome.status === "failed" && !(await store.size(STATE_FILE))) await host.store.remove(FOLDER);
          return outcome;
        })
        .then((change) => {
          unlock();
          host.release();
          teller.say({ doing: null, etaSeconds: null, ...change }, true);
        });
      return report!;
    } catch (error) {
      unlock();
      host.release();
      throw error;
    }
  };

  const work = async (
    { name, settings, source, words: known }: Kept,
    { gpu, ops, adapter }: Awaited<ReturnType<PretrainHost["open"]>>,
    control: RunControl,
    teller: Teller,
  ) => {
    const doing = (words: string | null) => teller.say({ doing: words });
    const { codeVersion } = host;
    const config = languageConfig(settings, settings.vocabulary);
    const experiment = experimentSchema.parse({});
    const towers = { teacher: config, student: config, learner: config, smallDocument: config };
    const before = { gpu, ops, experiment, towers, codeVersion, store: host.store, doing };
    await settleEngine(before);
    await testBeforeRun(before);
    let texts = await readJson<string[]>(TEXTS);
    let words = known;
    if (!texts) {
      if (source.kind === "files") throw lostTexts();
      doing("writing the text");
      const made = await generatedTexts(settings.seed, source.threads, () => control.gate());
      ({ texts, words } = made);
      await writeJson(KEPT, { name, settings, source, words });
      await writeJson(TEXTS, texts);
    }
    doing("learning the vocabulary");
    await control.gate(); // so that it is told: the work on it hears nothing
    const losses: LossPoint[] = [];
    const validation: { step: number; metrics: Record<string, number> }[] = [];
    const state = await store.read(STATE_FILE);
    if (state) {
      const saved = readState(state);
      for (const point of saved.losses) losses.push(point);
      validation.push(...saved.validation);
      teller.say({ step: saved.step, ...curves(losses, validation) });
    }
    const from = { step: losses.at(-1)?.step ?? 0, at: 0 };
    const model = await pretrain({
      gpu,
      ops,
      // Its end removes the state: here only once the model is safe in the library.
      store: { ...store, remove: async () => {} },
      texts,
      settings,
      control,
      saveEvery: SAVE_SECONDS,
      doing,
      onPoints(more, measured, done) {
        for (const point of more) losses.push(point);
        for (const point of measured) validation.push(point);
        from.at ||= performance.now();
        const rate = (performance.now() - from.at) / 1000 / Math.max(1, done - from.step);
        teller.say({
          doing: null,
          step: done,
          ...curves(losses, validation),
          tokensPerSecond: losses.at(-1)?.tokensPerSecond ?? null,
          etaSeconds: done > from.step + 1 ? rate * (settings.steps - done) : null,
        });
      },
    });
    doing("keeping the model");
    const files = languageFolder(model, {
      name,
      data: words,
      licence: source.kind === "notes" ? "apache-2.0" : "other",
      command: commandOf(settings, source, name),
      adapter: adapter.description,
      codeVersion,
    });
    const entries = [...files].map(([path, data]) => ({ path, data }));
    const stored = await host.library.copy(checkpointFromBlobs(entries, name), { made: JSON.stringify(model.record) });
    await host.store.remove(FOLDER);
    return stored;
  };

  return {
    async planPretrain({ settings, memoryLimit }) {
      checkPretrain(settings);
      const plan = planPretrain(settings);
      try {
        needRoom(settings, memoryLimit);
        return { plan, problem: null };
      } catch (error) {
        return { plan, problem: errorReport(error) };
      }
    },
    async readText({ files }) {
      const opened = await openFiles(files.map(({ path, file }) => blobEntry(path, file)));
      const { texts, notices } = await readLanguageTexts(opened);
      const first = files[0]!.path.split("/")[0]!;
      const name = files.every(({ path }) => path.split("/")[0] === first) ? first : `${first} and more`;
      held = { name, texts };
      const characters = texts.reduce((sum, text) => sum + text.length, 0);
      return { name, texts: texts.length, characters, notices };
    },
    async pretrain({ name, settings, source, memoryLimit }) {
      host.needIdle();
      if (!/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,59}$/u.test(name))
        throw new LabError(
          "bad-setting",
          `"${name.slice(0, 60)}" is no name for a model.`,
          "Give 1 to 60 letters, digits, blanks, dots, dashes or underscores, with a letter or digit first.",
        );
      if (await store.size(KEPT))
        throw new LabError("bad-input", "There is an unfinished training.", "Go on with it, or delete it.");
      if (source.kind === "files" && !held)
        throw new LabError("bad-input", "No text has been read.", "Choose text files first.");
      const own = source.kind === "files" ? held : null;
      const words = own ? `${own.name}: ${own.texts.length.toLocaleString("en")} texts.` : "";
      return train({ name, settings, source, words }, memoryLimit, own?.texts ?? null);
    },
    async pretrainState() {
      if (underWay()) return report;
      const found = await unfinished();
      if (!found || underWay() || !(await host.lock.held())) return underWay() ? report : found;
      if (!waiting)
        void host.lock.free().then(async () => {
          waiting = false;
          if (!underWay()) host.emit(await unfinished());
        });
      waiting = true;
      return { ...found, status: "elsewhere" };
    },
    async resumePretrain({ memoryLimit }) {
      host.needIdle();
      const kept = await readJson<Kept>(KEPT);
      if (!kept) throw new LabError("bad-input", "There is no unfinished training here.", "Start a new one.");
      return train(kept, memoryLimit, null);
    },
    async dropPretrain() {
      if (underWay() || (await host.lock.held()))
        throw new LabError("bad-input", "This training is under way.", "Stop it first.");
      await host.store.remove(FOLDER);
      report = null;
      return null;
    },
  };
}

const lostTexts = () =>
  new LabError("bad-input", "The text of this training is not kept any more.", "Delete it and start a new one.");

const begun = ({ name, settings }: Pick<Kept, "name" | "settings">): PretrainReport => ({
  name,
  settings,
  status: "running",
  step: 0,
  doing: "getting ready",
  losses: [],
  validation: [],
  tokensPerSecond: null,
  etaSeconds: null,
  error: null,
  stored: null,
});

const curves = (
  losses: readonly LossPoint[],
  validation: readonly { step: number; metrics: Record<string, number> }[],
) => ({
  losses: thinned(losses, CURVE_POINTS),
  validation: validation.map(({ step, metrics }) => ({ step, perplexity: metrics["perplexity"]! })),
});

/** How a training that did not come to its end is told of. */
function outcomeOf(error: unknown): Partial<PretrainReport> {
  if (error instanceof LabError && error.kind === "stopped") return { status: "stopped" };
  const lost = error instanceof LabError && (error.kind === "device-lost" || error.kind === "gpu-refused");
  return { status: lost ? "interrupted" : "failed", error: errorReport(error) };
}

/** What would do the same on a command line, but for the rounding of another GPU. */
function commandOf({ size, ...numbers }: PretrainSettings, source: LanguageSource, name: string): string {
  const flags = Object.entries(PRETRAIN_DEFAULTS)
    .map(([key, value]) => [key, numbers[key as keyof typeof numbers], value] as const)
    .filter(([, value, usual]) => value !== usual)
    .map(([key, value]) => ` --${key.replace("Rate", "-rate")} ${value}`);
  const text = source.kind === "notes" ? ` --threads ${source.threads}` : " --text FILES";
  return `npm run lab -- pretrain --size ${sizeWord(size)}${text}${flags.join("")} --out ${name.replaceAll(" ", "-")}`;
}

/** A control whose stop saves first: what was trained since the last save is not lost. */
function savingControl(control: RunControl): RunControl {
  let stopping = false;
  /** It waits, or has nothing to save. */
  let safe = false;
  return {
    ...control,
    get paused() {
      return control.paused;
    },
    async gate(beforeWaiting) {
      const save = async () => {
        await beforeWaiting?.();
        safe = true;
        if (stopping) control.stop();
      };
      if (stopping) await save();
      safe = beforeWaiting === undefined;
      try {
        return await control.gate(beforeWaiting && save);
      } finally {
        safe = false;
      }
    },
    stop() {
      stopping = true;
      if (safe) control.stop();
    },
  };
}

interface Teller {
  /** @param urgent at once; else at most four times a second */
  say(change: Partial<PretrainReport>, urgent?: boolean): void;
}

function createTeller(first: PretrainReport, emit: (report: PretrainReport) => void): Teller {
  let now = first;
  let last = Number.NEGATIVE_INFINITY;
  let later: ReturnType<typeof setTimeout> | undefined;
  const send = () => {
    clearTimeout(later);
    later = undefined;
    last = performance.now();
    emit(now);
  };
  return {
    say(change, urgent = false) {
      now = { ...now, ...change };
      if (urgent || performance.now() - last >= EVERY_MS) send();
      else later ??= setTimeout(send, EVERY_MS);
    },
  };
}
