/**
 * The bundled data: short lifestyle notes and queries, generated with known truth. What a text says is drawn first, as
 * facts (plan.ts); words come after (noteText.ts, queryText.ts), and relevance is read off the facts (truth.ts), so that the
 * judgements of every query are complete.
 */
import type { Experiment } from "../../config/schema";
import { random } from "../../random";
import type { Dataset, Doc } from "../types";
import { DOMAINS } from "./domains";
import { wording } from "./mentions";
import { SPLITS, type SplitName } from "./needs";
import { writeNote } from "./noteText";
import { planNote, rates, wordsOf } from "./plan";
import { type DrawnSplit, drawSplit } from "./splits";
import { buildTruth } from "./truth";
import { buildWorld, type World } from "./world";

type NotesSettings = Experiment["data"]["notes"];

/**
 * Streams the corpus: `corpusSize` notes with ids "n0", "n1", ... Note i depends on (settings, seed, i) alone and nothing is
 * kept between notes, so memory stays flat at any size.
 */
export function* notesCorpus(settings: NotesSettings, seed: number): Generator<Doc> {
  yield* stream(buildWorld(DOMAINS, settings.zipf, seed), settings, seed);
}

function* stream(world: World, settings: NotesSettings, seed: number): Generator<Doc> {
  const rate = rates(settings);
  const words = wording(world, settings);
  for (let i = 0; i < settings.corpusSize; i++) {
    const plan = planNote(world, settings, rate, seed, i);
    const r = random(seed, "words", wordsOf(seed, i, rate));
    yield writeNote(world, plan, words, settings.comments, `n${i}`, r);
  }
}

/** Progress is told every so many notes, or their worth in queries. */
const PROGRESS_STEP = 1000;

/**
 * The corpus with training, validation and test queries. Every query has 1 to 10 notes of grade 2 (the relevance level) and
 * judgements for all notes of grade 2 and 1; near misses (a constraint violated, all concepts there; near twins first) have
 * grade 0 and are the query's hard negatives. All other notes are of grade 0. No set of concepts and constraints is asked
 * for in two splits, nor twice in validation or test; training comes back to one in other words where a small corpus has no
 * more of them.
 *
 * @param onProgress told how much of the work is done, the last time with done = total
 */
export function notesDataset(
  settings: NotesSettings,
  seed: number,
  onProgress: (done: number, total: number) => void = () => {},
): Dataset {
  const world = buildWorld(DOMAINS, settings.zipf, seed);
  const queries = settings.trainQueries + settings.validationQueries + settings.testQueries;
  // The queries take about as long as the notes, for each is judged against all of them.
  const weight = Math.max(1, Math.round(settings.corpusSize / queries));
  const total = settings.corpusSize + weight * queries;
  let done = 0;
  const step = (amount: number) => {
    const before = done;
    done += amount;
    if (Math.floor(done / PROGRESS_STEP) > Math.floor(before / PROGRESS_STEP)) onProgress(done, total);
  };
  const docs: Doc[] = [];
  for (const doc of stream(world, settings, seed)) {
    docs.push(doc);
    step(1);
  }
  const truth = buildTruth(world, settings, seed);
  const ids = docs.map((doc) => doc.id);
  const drawn = (split: SplitName) => drawSplit(world, truth, settings, seed, split, ids, () => step(weight));
  const splits = { train: drawn("train"), validation: drawn("validation"), test: drawn("test") };
  onProgress(total, total);
  const bare = ({ queries, qrels }: DrawnSplit) => ({ queries, qrels });
  return {
    name: "Notes",
    docs,
    train: { ...bare(splits.train), needs: splits.train.needs },
    validation: bare(splits.validation),
    test: bare(splits.test),
    relevanceLevel: 2,
    notices: notices(world, settings, splits),
  };
}

function notices(world: World, settings: NotesSettings, splits: Record<SplitName, DrawnSplit>): string[] {
  const said: string[] = [];
  const names = (indices: number[]) => indices.map((i) => world.domains[i]!.name).join(", ");
  const all = world.domains.map((_, i) => i);
  const { trainDomains, testDomains } = settings;
  if (trainDomains > 0 && trainDomains < all.length)
    said.push(`Training and validation queries come from these domains only: ${names(all.slice(0, trainDomains))}.`);
  if (testDomains > 0 && testDomains < all.length)
    said.push(`Test queries come from these domains only: ${names(all.slice(-testDomains))}.`);
  if (settings.nearTwins > 0 && settings.bindings + settings.negation === 0)
    said.push("No near twins: they need bound attributes or negation, and both settings are 0.");
  const wanted = { train: settings.trainQueries, validation: settings.validationQueries, test: settings.testQueries };
  for (const split of SPLITS) {
    const got = splits[split].queries.length;
    if (got < wanted[split])
      said.push(
        `Only ${got} of ${wanted[split]} ${split === "train" ? "training" : split} queries: a corpus of ${settings.corpusSize} notes does not answer more different ones. A larger corpus does.`,
      );
  }
  return said;
}
