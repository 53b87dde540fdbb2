/** The collections that runs use: generated from their settings, fetched, or read from the user's data and kept. */

import { contentHash } from "../core/artifacts/hash";
import type { Store } from "../core/artifacts/store";
import type { Experiment } from "../core/config/schema";
import { readBeir } from "../core/data/beir";
import { type Found, lookAt, lookAtTable, readCollection } from "../core/data/collection";
import type { Columns } from "../core/data/columns";
import { addressOf, download } from "../core/data/download";
import { blobEntry, bytesEntry, type FileEntry, openFiles } from "../core/data/files";
import { hubFiles, hubName } from "../core/data/hub";
import { notesDataset } from "../core/data/notes";
import type { Dataset } from "../core/data/types";
import { checkStopped, type Watch } from "../core/data/watch";
import { WORDNET_FOLDER, wordnetZip } from "../core/data/wordnet/words";
import { writeBeir } from "../core/data/write";
import { LabError } from "../core/errors";
import { describeCollection } from "../core/pipeline/run";
import type { CollectionReport, DataFrom, DataPreview, LoadingReport } from "./protocol";

export interface Collections {
  /** Fetches and looks at data, without reading it. What was loaded before stays. */
  open(from: DataFrom): Promise<DataPreview>;
  /** Looks at the opened table again, with or without a header. */
  lookAgain(header: boolean): Promise<DataPreview>;
  /** Reads what was opened; on an error, or when stopped, the collection loaded before stays. */
  read(experiment: Experiment, columns: Columns | null): Promise<Dataset>;
  /** Ends the fetching or reading that is under way. */
  stop(): void;
  /** The collection that an experiment uses, if it is at hand: nothing is fetched, generated or read. */
  ready(experiment: Experiment): Dataset | null;
  /** The collection that an experiment uses. */
  get(experiment: Experiment): Promise<Dataset>;
  /** Keeps the user's collection for a run, so that it can be resumed and searched after a reload. */
  keep(experiment: Experiment, runStore: Store): Promise<void>;
  /** The collection of a stored run. */
  of(experiment: Experiment, runStore: Store): Promise<Dataset>;
}

const FOLDER = "collection/";
const wordnetKey = (size: string, seed: number) => `wordnet ${size} ${seed}`;

interface Surroundings {
  /** Told what is being fetched or read; null when nothing is any more. */
  onLoading?: (report: LoadingReport | null) => void;
  fetcher?: typeof fetch;
  /** The address of the page's folder, for what is served beside it. */
  base?: string;
}

/** Data that was opened: enough to read it again with another seed. */
interface Opened {
  found: Found;
  notices: string[];
}

export function createCollections({ onLoading, fetcher, base }: Surroundings = {}): Collections {
  let pending: Opened | null = null;
  let own: { opened: Opened; columns: Columns | null; made: string; dataset: Dataset } | null = null;
  let generated: { key: string; dataset: Dataset } | null = null;
  let abort: AbortController | null = null;

  /** One fetching or reading at a time: a new one ends the one before. */
  const loading = async <T>(words: string, work: (watch: Watch) => Promise<T>): Promise<T> => {
    abort?.abort();
    const mine = new AbortController();
    abort = mine;
    onLoading?.({ words, file: "", done: 0, total: 0 });
    try {
      const onProgress = (file: string, done: number, total: number) => {
        if (mine === abort) onLoading?.({ words, file, done, total });
      };
      const made = await work({ signal: mine.signal, onProgress });
      checkStopped(mine.signal);
      return made;
    } finally {
      if (mine === abort) {
        abort = null;
        onLoading?.(null);
      }
    }
  };

  const entriesOf = async (
    from: DataFrom,
    watch: Watch,
  ): Promise<{ entries: FileEntry[]; name?: string; notices: string[] }> => {
    if (from.kind === "files")
      return { entries: from.files.map(({ path, file }) => blobEntry(path, file)), notices: [] };
    const fetching = { ...watch, fetcher };
    if (from.kind === "url")
      return { entries: await download(from.url, fetching), notices: [`From ${addressOf(from.url).href}.`] };
    const wanted = hubName(from.name);
    const { files, commit } = await hubFiles(wanted, { ...fetching, hubUrl: from.hubUrl });
    const words = `From the hub: ${wanted.name}${wanted.part ? `, ${wanted.part}` : ""}, commit ${commit}.`;
    return { entries: files, name: wanted.name, notices: [words] };
  };
  const preview = ({ found }: Opened): DataPreview => ({
    form: found.form,
    name: found.name,
    files: found.files.map(({ path, size }) => ({ path, bytes: size })),
    table: found.table,
  });
  const readOpened = async (
    { found, notices }: Opened,
    experiment: Experiment,
    columns: Columns | null,
    watch: Watch,
  ) => {
    const { queriesFrom } = experiment.data;
    const dataset = await readCollection(found, {
      ...watch,
      seed: experiment.seed,
      queriesFrom,
      columns: columns ?? undefined,
    });
    return { ...dataset, notices: [...notices, ...dataset.notices] };
  };
  /** What the reading of the user's data depends on: the splits follow the run's seed. */
  const madeOf = ({ seed, data }: Experiment) => `${seed} ${data.queriesFrom}`;

  const notes = async (experiment: Experiment) => {
    const key = await contentHash({ notes: experiment.data.notes, seed: experiment.seed });
    if (generated?.key !== key) generated = { key, dataset: notesDataset(experiment.data.notes, experiment.seed) };
    return generated.dataset;
  };
  const wordnet = async ({ seed, data }: Experiment) => {
    const key = wordnetKey(data.wordnet, seed);
    if (generated?.key === key) return generated.dataset;
    return loading("WordNet", async (watch) => {
      const url = new URL(`${WORDNET_FOLDER}/${wordnetZip(data.wordnet)}`, base).href;
      const files = await openFiles(await download(url, { ...watch, fetcher }));
      const dataset = await readBeir(files, { ...watch, seed, name: `wordnet-${data.wordnet}` });
      generated = { key, dataset };
      return dataset;
    });
  };
  const bundled = (experiment: Experiment): Promise<Dataset> | null => {
    if (experiment.data.source === "notes") return notes(experiment);
    return experiment.data.source === "wordnet" ? wordnet(experiment) : null;
  };
  const get = async (experiment: Experiment): Promise<Dataset> => {
    const made = bundled(experiment);
    if (made) return made;
    if (!own)
      throw new LabError(
        "bad-input",
        "No data has been loaded.",
        "Choose files, an address or a dataset of the hub under Data.",
      );
    if (own.made !== madeOf(experiment)) {
      const { opened, columns } = own;
      const dataset = await loading(opened.found.name, (watch) => readOpened(opened, experiment, columns, watch));
      own = { opened, columns, made: madeOf(experiment), dataset };
    }
    return own.dataset;
  };
  return {
    open: (from) =>
      loading(from.kind === "files" ? "Files" : from.kind === "url" ? from.url : from.name, async (watch) => {
        const { entries, name, notices } = await entriesOf(from, watch);
        const opened = { found: await lookAt(await openFiles(entries), name), notices };
        checkStopped(watch.signal);
        pending = opened;
        return preview(opened);
      }),
    async lookAgain(header) {
      const [file] = pending?.found.files ?? [];
      if (!pending?.found.table || !file)
        throw new LabError("bad-input", "No table is open.", "Choose its file again.");
      pending = { ...pending, found: { ...pending.found, table: await lookAtTable(file, header) } };
      return preview(pending);
    },
    async read(experiment, columns) {
      const opened = pending;
      if (!opened) throw new LabError("bad-input", "No data is open.", "Choose it again.");
      const dataset = await loading(opened.found.name, (watch) => readOpened(opened, experiment, columns, watch));
      own = { opened, columns, made: madeOf(experiment), dataset };
      pending = null;
      return dataset;
    },
    stop() {
      abort?.abort();
    },
    ready({ seed, data }) {
      if (data.source === "files") return own?.dataset ?? null;
      return generated?.key === wordnetKey(data.wordnet, seed) ? generated.dataset : null;
    },
    get,
    async keep(experiment, runStore) {
      // In BEIR form, whatever it came as: splits and all, so that it is read again as it was.
      const dataset = await get(experiment);
      const folder = dataset.name.replace(/[^\p{L}\p{N}._ -]+/gu, "-");
      for (const { path, bytes } of writeBeir(dataset)) await runStore.write(`${FOLDER}${folder}/${path}`, bytes);
    },
    async of(experiment, runStore) {
      const made = bundled(experiment);
      if (made) return made;
      const paths = await runStore.list(FOLDER);
      if (paths.length === 0)
        throw new LabError(
          "bad-input",
          "The collection of this run is not kept here.",
          "Load its data again and start a new run.",
        );
      const entries = await Promise.all(
        paths.map(async (path) => bytesEntry(path.slice(FOLDER.length), (await runStore.read(path))!)),
      );
      return readBeir(await openFiles(entries), { seed: experiment.seed, queriesFrom: experiment.data.queriesFrom });
    },
  };
}

const SAMPLES = 8;

/** What the page shows of a collection. */
export function describe(dataset: Dataset): CollectionReport {
  const spread = <T>(list: readonly T[]) => {
    const stride = Math.max(1, Math.floor(list.length / SAMPLES));
    return list.filter((_, i) => i % stride === 0).slice(0, SAMPLES);
  };
  return {
    ...describeCollection(dataset),
    sampleDocuments: spread(dataset.docs),
    sampleQueries: spread(dataset.train.queries).map(({ id, text }) => ({ id, text })),
  };
}
