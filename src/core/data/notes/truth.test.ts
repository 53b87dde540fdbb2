/**
 * The judgements against a judge that knows nothing of fact numbers, slots or the index: it takes each note's and each query's
 * facts as words and applies the definition of the grades to all notes, one by one.
 */
import { describe, expect, it } from "vitest";
import { experimentSchema } from "../../config/schema";
import { DOMAINS } from "./domains";
import { notesDataset } from "./index";
import { needKey, SPLITS, type SplitName } from "./needs";
import { areTwins, type NotesSettings, planNote, rates } from "./plan";
import { type DrawnSplit, drawSplit } from "./splits";
import { buildTruth } from "./truth";
import { buildWorld, type World } from "./world";

const DEFAULTS = experimentSchema.parse({}).data.notes;

/** What a text says, in words: its concepts, and of each thing with a constraint ("interior walls") how it is. */
interface Meaning {
  main: string;
  concepts: ReadonlySet<string>;
  things: ReadonlyMap<string, string>;
}

function meaningOf(world: World, numbers: readonly number[]): Meaning {
  const concepts = new Set<string>();
  const things = new Map<string, string>();
  let main = "";
  for (const number of numbers) {
    const fact = world.facts[number]!;
    const thing = (noun: string) => `${DOMAINS[fact.domain]!.name} ${noun}`;
    if (fact.kind === "binding") things.set(thing(fact.noun), fact.value);
    else if (fact.kind === "negation") things.set(thing(fact.noun), fact.absent ? "absent" : "there");
    else concepts.add(fact.concept.key);
    if (fact.kind === "topic") main = fact.concept.key;
  }
  return { main, concepts, things };
}

/** The definition, word for word. */
function gradeOf(note: Meaning, query: Meaning): 0 | 1 | 2 {
  const constraints = [...query.things];
  if (constraints.some(([thing, how]) => note.things.has(thing) && note.things.get(thing) !== how)) return 0;
  const held = [...query.concepts].filter((concept) => note.concepts.has(concept)).length;
  if (held === query.concepts.size && constraints.every(([thing, how]) => note.things.get(thing) === how)) return 2;
  return note.concepts.has(query.main) && held >= query.concepts.size / 2 ? 1 : 0;
}

function make(settings: NotesSettings, seed: number) {
  const world = buildWorld(DOMAINS, settings.zipf, seed);
  const rate = rates(settings);
  const notes = Array.from({ length: settings.corpusSize }, (_, i) => {
    const plan = planNote(world, settings, rate, seed, i);
    return meaningOf(world, [plan.topic, ...plan.features, ...plan.situations, ...plan.bindings, ...plan.negations]);
  });
  const truth = buildTruth(world, settings, seed);
  const ids = notes.map((_, i) => `n${i}`);
  const draw = (split: SplitName) => drawSplit(world, truth, settings, seed, split, ids, () => {});
  const splits: Record<SplitName, DrawnSplit> = {
    train: draw("train"),
    validation: draw("validation"),
    test: draw("test"),
  };
  return { world, rate, notes, splits };
}

const few = { trainQueries: 300, validationQueries: 100, testQueries: 250 };

describe.each([
  ["1,000 notes", { ...DEFAULTS, ...few, corpusSize: 1000 }, 0],
  ["10,000 notes", { ...DEFAULTS, ...few, corpusSize: 10_000 }, 1],
  ["50,000 notes", { ...DEFAULTS, ...few, corpusSize: 50_000 }, 2],
  [
    "2,000 notes full of constraints",
    { ...DEFAULTS, ...few, corpusSize: 2000, bindings: 0.7, negation: 0.6, nearTwins: 0.6, drift: 0.5 },
    3,
  ],
] as const)("the judgements at %s", (_, settings, seed) => {
  const { world, rate, notes, splits } = make(settings, seed);

  it.each(SPLITS)("of the %s queries are the definition's, for every note", (split) => {
    const { queries, qrels, needs } = splits[split];
    expect(queries).toHaveLength(settings[`${split}Queries`]);
    for (const [k, query] of queries.entries()) {
      const asked = meaningOf(world, needs[k]!);
      const graded = qrels.get(query.id)!;
      const wrong = notes.flatMap((note, i) => {
        const grade = gradeOf(note, asked);
        return grade === (graded.get(`n${i}`) ?? 0) ? [] : [`${query.text}: n${i} is ${grade}`];
      });
      expect(wrong).toEqual([]);
    }
  });

  it("give every query 1 to 10 notes of grade 2: recall@10 can reach 1", () => {
    for (const split of SPLITS)
      for (const { id } of splits[split].queries) {
        const full = [...splits[split].qrels.get(id)!.values()].filter((grade) => grade === 2).length;
        expect(full, id).toBeGreaterThanOrEqual(1);
        expect(full, id).toBeLessThanOrEqual(10);
      }
  });

  it("share no set of concepts and constraints between splits", () => {
    const keys = (split: SplitName) =>
      splits[split].needs.map((need) => {
        const { concepts, things } = meaningOf(world, need);
        return [...concepts, ...[...things].map((thing) => thing.join(" "))].sort().join(", ");
      });
    const [train, validation, test] = [keys("train"), keys("validation"), keys("test")];
    expect(new Set(validation).size).toBe(validation.length);
    expect(new Set(test).size).toBe(test.length);
    const distinct = new Set(train).size + validation.length + test.length;
    expect(new Set([...train, ...validation, ...test]).size).toBe(distinct);
    const needs = SPLITS.flatMap((split) => splits[split].needs.map(needKey));
    expect(new Set(needs).size).toBe(distinct);
  });

  it("name near misses as hard negatives, the twins of full answers first", () => {
    let ofTwins = 0;
    for (const split of SPLITS)
      for (const [k, { id, negatives = [] }] of splits[split].queries.entries()) {
        const asked = meaningOf(world, splits[split].needs[k]!);
        const graded = splits[split].qrels.get(id)!;
        const zeros = [...graded].filter(([, grade]) => grade === 0).map(([note]) => note);
        expect([...negatives].sort()).toEqual(zeros.sort());
        for (const negative of negatives) {
          const note = notes[Number(negative.slice(1))]!;
          // All concepts there, so a constraint must be what is wrong.
          for (const concept of asked.concepts) expect(note.concepts).toContain(concept);
          expect(gradeOf(note, asked)).toBe(0);
        }
        const twins = [...graded].flatMap(([note, grade]) => {
          const i = Number(note.slice(1));
          const isMiss = areTwins(seed, i >> 1, rate) && gradeOf(notes[i ^ 1]!, asked) === 0;
          return grade === 2 && isMiss ? [`n${i ^ 1}`] : [];
        });
        expect(negatives.slice(0, twins.length).sort()).toEqual(twins.sort());
        ofTwins += twins.length;
      }
    expect(ofTwins).toBeGreaterThan(10);
  });
});

describe("the dataset", () => {
  it("holds these judgements", () => {
    const settings = { ...DEFAULTS, ...few, corpusSize: 1000 };
    const { splits } = make(settings, 5);
    const dataset = notesDataset(settings, 5);
    expect(dataset.relevanceLevel).toBe(2);
    expect(dataset.notices).toEqual([]);
    for (const split of SPLITS) {
      expect(dataset[split].queries).toEqual(splits[split].queries);
      expect(dataset[split].qrels).toEqual(splits[split].qrels);
    }
  });

  it("says where a small corpus answers fewer different queries than wanted", () => {
    const settings = { ...DEFAULTS, corpusSize: 200, trainQueries: 200, validationQueries: 100, testQueries: 5000 };
    const dataset = notesDataset(settings, 0);
    expect(dataset.test.queries.length).toBeLessThan(5000);
    expect(dataset.notices.join(" ")).toContain(`Only ${dataset.test.queries.length} of 5000 test queries`);
  });
});
