/** That each setting of the notes does what it says, that equal seeds give equal bytes, and that the stream keeps nothing. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { experimentSchema } from "../../config/schema";
import { random } from "../../random";
import type { Dataset, Doc } from "../types";
import { DOMAINS } from "./domains";
import { notesCorpus, notesDataset } from "./index";
import { asked, wording } from "./mentions";
import { needSource, SPLITS, type SplitName } from "./needs";
import { areTwins, type NotesSettings, planNote, rates } from "./plan";
import { type DrawnSplit, drawSplit } from "./splits";
import { buildTruth } from "./truth";
import { withTypos } from "./typos";
import { buildWorld, type World } from "./world";

const DEFAULTS: NotesSettings = {
  ...experimentSchema.parse({}).data.notes,
  corpusSize: 3000,
  trainQueries: 600,
  validationQueries: 60,
  testQueries: 400,
};

interface Drawn extends DrawnSplit {
  world: World;
}

function drawn(over: Partial<NotesSettings>, split: SplitName = "test", seed = 0): Drawn {
  const settings = { ...DEFAULTS, ...over };
  const world = buildWorld(DOMAINS, settings.zipf, seed);
  const truth = buildTruth(world, settings, seed);
  const ids = Array.from({ length: settings.corpusSize }, (_, i) => `n${i}`);
  return { world, ...drawSplit(world, truth, settings, seed, split, ids, () => {}) };
}

function plans(over: Partial<NotesSettings>, seed = 0) {
  const settings = { ...DEFAULTS, ...over };
  const world = buildWorld(DOMAINS, settings.zipf, seed);
  const rate = rates(settings);
  return {
    world,
    rate,
    plans: Array.from({ length: settings.corpusSize }, (_, i) => planNote(world, settings, rate, seed, i)),
  };
}

const share = <T>(list: readonly T[], has: (item: T) => boolean) => list.filter(has).length / list.length;
/** Shares of a few hundred draws or more. */
const expectNear = (got: number, wanted: number) =>
  expect(Math.abs(got - wanted), `${got} for ${wanted}`).toBeLessThan(0.04);
const body = ({ title, text }: Doc) => `${title} ${text.replace(/ (Comment|Reader|Reply): .*$/, "")}`;
const comment = ({ text }: Doc) => / (Comment|Reader|Reply): /.test(text);
const contentWords = (text: string) => new Set(text.toLowerCase().match(/\p{L}{4,}/gu) ?? []);

/** Of the words of test queries, the share that their own full answers use. */
function sharedWords(data: Dataset): number {
  const byId = new Map(data.docs.map((doc) => [doc.id, doc]));
  let shared = 0;
  let all = 0;
  for (const { id, text } of data.test.queries) {
    const best = [...data.test.qrels.get(id)!].find(([, grade]) => grade === 2)!;
    const words = contentWords(body(byId.get(best[0])!));
    for (const word of contentWords(text)) {
      all++;
      if (words.has(word)) shared++;
    }
  }
  return shared / all;
}

describe("the settings of notes", () => {
  it.each([
    { bindings: 0.25, negation: 0.1, nearTwins: 0.1 },
    { bindings: 0.5, negation: 0.4, nearTwins: 0.3 },
  ])("keep the shares of $bindings bound, $negation negated, $nearTwins twins", (over) => {
    const { rate, plans: all } = plans({ ...over, corpusSize: 8000 });
    expectNear(
      share(all, ({ bindings }) => bindings.length > 0),
      over.bindings,
    );
    expectNear(
      share(all, ({ negations }) => negations.length > 0),
      over.negation,
    );
    // One of each pair of twins is the note, the other its twin: of n notes that are not, a share comes with one.
    const pairs = all.filter((_, i) => i % 2 === 0).filter((_, j) => areTwins(0, j, rate)).length;
    expectNear(pairs / (all.length - pairs), over.nearTwins);
  });

  it("make neither constraints nor twins at 0, and say that twins need them", () => {
    const none = { bindings: 0, negation: 0 };
    const { rate, plans: all } = plans({ ...none, nearTwins: 0.5 });
    expect(all.flatMap(({ bindings, negations }) => [...bindings, ...negations])).toEqual([]);
    expect(areTwins(0, 1, rate)).toBe(false);
    expect(notesDataset({ ...DEFAULTS, ...none, nearTwins: 0.5 }, 0).notices.join(" ")).toContain("No near twins");
    const { rate: apart } = plans({ nearTwins: 0 });
    expect(Array.from({ length: 500 }, (_, pair) => areTwins(0, pair, apart))).not.toContain(true);
  });

  it("comment as often as asked, in the askers' words", () => {
    for (const comments of [0, 0.3, 1])
      expectNear(share([...notesCorpus({ ...DEFAULTS, comments }, 1)], comment), comments);
    const all = [...notesCorpus({ ...DEFAULTS, comments: 1, ambiguity: 0, vocabularyGap: 1 }, 1)];
    const { world, plans: facts } = plans({}, 1);
    for (const [i, { text }] of all.entries()) {
      const said = text.replace(/^.* (Comment|Reader|Reply): /, "");
      const { topic, features } = facts[i]!;
      const words = [topic, features[0]!].flatMap((number) => {
        const fact = world.facts[number]!;
        return "concept" in fact ? fact.concept.ask : [];
      });
      expect(
        words.some((form) => said.includes(form)),
        text,
      ).toBe(true);
    }
  });

  it("make frequencies unequal by the Zipf exponent", () => {
    const most = (zipf: number) => {
      const counts = new Map<number, number>();
      for (const { topic } of plans({ zipf }).plans) counts.set(topic, (counts.get(topic) ?? 0) + 1);
      return Math.max(...counts.values()) / DEFAULTS.corpusSize;
    };
    // Of 200 topics in ten domains: alike, and r^-1 over 20 ranks.
    expect(most(0)).toBeLessThan(0.012);
    expect(most(1)).toBeGreaterThan(0.025);
    expect(most(1.8)).toBeGreaterThan(0.05);
  });
});

describe("the settings of words", () => {
  it("share all words at gap 0 and few at gap 1", () => {
    const plain = { typos: 0, ambiguity: 0, comments: 0 };
    const at = (vocabularyGap: number) => sharedWords(notesDataset({ ...DEFAULTS, ...plain, vocabularyGap }, 0));
    const [none, usual, full] = [at(0), at(0.8), at(1)];
    expect(none).toBeGreaterThan(0.85); // The openings ("ideas for") are the rest.
    expect(usual).toBeLessThan(0.5);
    expect(full).toBeLessThan(usual);
  });

  it("misspell the share of words, in queries alone", () => {
    for (const split of ["train", "test"] as const) {
      const [clean, wrong] = [drawn({ typos: 0 }, split), drawn({ typos: 0.3 }, split)];
      expect(wrong.needs).toEqual(clean.needs);
      expect(wrong.qrels).toEqual(clean.qrels);
      const letters = (text: string) => text.match(/[a-z]+/gi)!;
      const pairs = clean.queries.flatMap(({ text }, k) => {
        const others = letters(wrong.queries[k]!.text);
        expect(others).toHaveLength(letters(text).length);
        return letters(text).map((word, i) => [word, others[i]!] as const);
      });
      expectNear(
        share(pairs, ([word, other]) => word !== other),
        0.3,
      );
      // One letter more, less or other, or two exchanged.
      for (const [word, other] of pairs) expect(Math.abs(word.length - other.length), other).toBeLessThanOrEqual(1);
    }
    const notes = (typos: number) => [...notesCorpus({ ...DEFAULTS, typos }, 0)];
    expect(notes(0.5)).toEqual(notes(0));
    expect(withTypos("no slip here", 0, random(0))).toBe("no slip here");
  });

  it("call concepts by ambiguous words in the share of mentions", () => {
    const ambiguousShare = (ambiguity: number) => {
      const settings = { ...DEFAULTS, ambiguity, vocabularyGap: 1 };
      const { world, plans: all } = plans(settings);
      const words = wording(world, settings);
      let mentions = 0;
      let ambiguous = 0;
      for (const [i, { topic, features, situations }] of all.entries())
        for (const number of [topic, ...features, ...situations]) {
          const fact = world.facts[number]!;
          if (!("concept" in fact)) throw new Error("a concept that is none");
          mentions++;
          if (asked(fact.concept, words, random(0, "mention", i, number)) === fact.concept.ambiguous) ambiguous++;
        }
      return ambiguous / mentions;
    };
    expect(ambiguousShare(0)).toBe(0);
    expect(ambiguousShare(0.1)).toBeGreaterThan(0.08);
    expect(ambiguousShare(0.1)).toBeLessThan(0.12);
    expect(ambiguousShare(0.3)).toBeGreaterThan(0.2);
  });

  it("leave every ambiguous query with one reading", () => {
    const byForm = new Map<string, Set<number>>();
    for (const [domain, d] of DOMAINS.entries())
      for (const c of [...d.topics, ...d.features, ...d.situations])
        for (const form of [c.name, ...c.ask, c.ambiguous ?? c.name])
          byForm.set(form, (byForm.get(form) ?? new Set()).add(domain));
    const { queries, needs, world } = drawn({ ambiguity: 1, typos: 0 });
    let ambiguous = 0;
    for (const [k, { text }] of queries.entries()) {
      const words = needs[k]!.flatMap((number) => {
        const fact = world.facts[number]!;
        if (!("concept" in fact)) return [];
        const { name, ask, ambiguous: word } = fact.concept;
        const own = [name, ...ask].find((form) => text.includes(form));
        if (!own) ambiguous++;
        return [own ?? word!];
      });
      const readings = DOMAINS.filter((_, domain) => words.every((word) => byForm.get(word)!.has(domain)));
      expect(readings, text).toHaveLength(1);
    }
    expect(ambiguous).toBeGreaterThan(100);
  });
});

describe("the settings of queries", () => {
  it("bind and negate in the share of queries", () => {
    for (const [bindings, negation] of [
      [0, 0],
      [0.25, 0.1],
      [0.6, 0.5],
    ] as const) {
      const { needs, world } = drawn({ bindings, negation });
      const has = (kind: string) => share(needs, (need) => need.some((fact) => world.facts[fact]!.kind === kind));
      expectNear(has("binding"), bindings);
      expectNear(has("negation"), negation);
    }
  });

  it("take training queries from the first domains and test queries from the last", () => {
    const over = { trainDomains: 3, testDomains: 2 };
    const domainsOf = (split: SplitName) => {
      const { needs, world } = drawn({ ...over, trainQueries: 200, testQueries: 200 }, split);
      return [...new Set(needs.flat().map((fact) => world.facts[fact]!.domain))].sort((a, b) => a - b);
    };
    expect(domainsOf("train")).toEqual([0, 1, 2]);
    expect(domainsOf("validation")).toEqual([0, 1, 2]);
    expect(domainsOf("test")).toEqual([8, 9]);
    const notices = notesDataset({ ...DEFAULTS, ...over, trainQueries: 100, testQueries: 100 }, 0).notices.join(" ");
    expect(notices).toContain(
      `only: ${DOMAINS.slice(0, 3)
        .map((d) => d.name)
        .join(", ")}.`,
    );
    expect(notices).toContain(
      `only: ${DOMAINS.slice(-2)
        .map((d) => d.name)
        .join(", ")}.`,
    );
  });

  it("move the test queries' favourites with the drift, and no others'", () => {
    const rank = (drift: number, split: SplitName) => {
      const { needs, world } = drawn({ drift, zipf: 1 }, split);
      const ranks = needs.map(([topic]) => world.domains[world.facts[topic!]!.domain]!.topics.facts.indexOf(topic!));
      return ranks.reduce((sum, r) => sum + r, 0) / ranks.length;
    };
    const [none, half, all] = [rank(0, "test"), rank(0.5, "test"), rank(1, "test")];
    // Ranks 0 to 19, the frequent ones first.
    expect(none).toBeLessThan(8);
    expect(half).toBeGreaterThan(none + 1);
    expect(all).toBeGreaterThan(half + 1);
    expect(drawn({ drift: 1 }, "train").queries).toEqual(drawn({ drift: 0 }, "train").queries);
    const world = buildWorld(DOMAINS, 1, 0);
    const favour = (drift: number, split: SplitName) => needSource(world, { ...DEFAULTS, drift }, split).favour;
    expect(favour(1, "validation")).toEqual(favour(0, "validation"));
    expect(favour(1, "test")).not.toEqual(favour(0, "test"));
  });
});

describe("seeds and streams", () => {
  const digest = (value: unknown) =>
    createHash("sha256")
      .update(JSON.stringify(value, (_, v) => (v instanceof Map ? [...v] : (v as unknown))))
      .digest("hex");
  const small = { ...DEFAULTS, corpusSize: 400, trainQueries: 100, validationQueries: 20, testQueries: 50 };

  it("give the same bytes for the same seed, and others for another", () => {
    const one = digest(notesDataset(small, 7));
    expect(digest(notesDataset(small, 7))).toBe(one);
    expect(digest(notesDataset(small, 8))).not.toBe(one);
  });

  it("stream the dataset's notes, and a larger corpus begins with the smaller", () => {
    const notes = [...notesCorpus(small, 7)];
    expect(notes).toEqual(notesDataset(small, 7).docs);
    expect(notes.map(({ id }) => id)).toEqual(notes.map((_, i) => `n${i}`));
    const longer = notesCorpus({ ...small, corpusSize: 1_000_000 }, 7);
    for (const note of notes) expect(longer.next().value).toEqual(note);
  });

  it("keep nothing of 300,000 notes", () => {
    // The least heap in use early and late: what is not collected in between was kept. The texts are 40 MB.
    const lows: number[] = [Infinity, Infinity];
    let count = 0;
    let characters = 0;
    for (const { text } of notesCorpus({ ...DEFAULTS, corpusSize: 300_000 }, 0)) {
      characters += text.length;
      if (++count % 500 !== 0) continue;
      const part = count <= 100_000 ? 0 : count > 200_000 ? 1 : null;
      if (part !== null) lows[part] = Math.min(lows[part]!, process.memoryUsage().heapUsed);
    }
    expect(count).toBe(300_000);
    expect(characters).toBeGreaterThan(30e6);
    // Kept, they would be 13 MB at least; what the engine itself puts by between two collections has been 4 MB.
    expect(lows[1]! - lows[0]!).toBeLessThan(10e6);
  });

  it("tell how far they are", () => {
    const told: [number, number][] = [];
    notesDataset({ ...small, corpusSize: 5000 }, 0, (done, total) => told.push([done, total]));
    expect(told.length).toBeGreaterThan(3);
    expect(told.every(([done], i) => i === 0 || done >= told[i - 1]![0])).toBe(true);
    expect(told.at(-1)![0]).toBe(told.at(-1)![1]);
    for (const split of SPLITS) expect(notesDataset(small, 3)[split].queries[0]!.id).toBe(`${split}-0`);
  });
});
