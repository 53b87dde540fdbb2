/** That notes and queries say what their facts are, and read as English. */
import { describe, expect, it } from "vitest";
import { experimentSchema } from "../../config/schema";
import type { Doc } from "../types";
import { DOMAINS } from "./domains";
import * as frames from "./frames";
import { notesCorpus, notesDataset } from "./index";
import { areTwins, planFacts, planNote, rates } from "./plan";
import { drawSplit } from "./splits";
import { buildTruth } from "./truth";
import { buildWorld, forms } from "./world";

const SETTINGS = {
  ...experimentSchema.parse({}).data.notes,
  corpusSize: 3000,
  trainQueries: 400,
  validationQueries: 100,
  testQueries: 300,
  typos: 0,
};
const SEED = 4;
const NOTES: readonly Doc[] = [...notesCorpus(SETTINGS, SEED)];
const WORLD = buildWorld(DOMAINS, SETTINGS.zipf, SEED);
const RATE = rates(SETTINGS);
const whole = ({ title, text }: Doc) => `${title}. ${text}`;

/** What no text may hold. "Half an hour" is right, and no word of ours needs "a" before a spoken consonant like "unique". */
const SLIPS: Readonly<Record<string, RegExp>> = {
  "two articles": /\b(an?|the|my|your|any|no|more) (an?|the|my|your|something|somewhere)\b/i,
  "a before a vowel": /\ba [aeio]/i,
  "an before a consonant": /\ban (?!hour)[^aeiou]/i,
  "a word twice": /\b(\p{L}+) \1\b/iu,
  "an empty place": /[{}]|\bundefined\b|\bnull\b/,
  "spaces and stops": / {2}|^ | $| [,.?!:;]|[,:;][,.:;]|\.\.|\?\./,
};

function slipsIn(texts: readonly string[]): string[] {
  return texts.flatMap((text) =>
    Object.entries(SLIPS).flatMap(([name, slip]) => (slip.test(text) ? [`${name}: ${text}`] : [])),
  );
}

const lower = (words: readonly string[]) => words.map((word) => word.toLowerCase());
const mentions = (text: string, words: readonly string[]) =>
  lower(words).filter((word) => new RegExp(`(?<![\\p{L}-])${word}(?![\\p{L}-])`, "iu").test(text));

describe("the words of the domains", () => {
  it("stand after the words that frames put before them", () => {
    const bad = DOMAINS.flatMap((d) => [
      // "my ..."
      ...d.topics
        .flatMap((c) => [c.name, ...c.say, c.ambiguous ?? ""])
        .filter((w) => /^(an?|the|one|my|some\w*) /i.test(w)),
      // "tips for ...", "help with ...", "looking for ..."
      ...d.topics
        .flatMap((c) => [c.name, ...c.ask])
        .filter((w) => /^(help|ideas?|tips?|advice|no|the|looking for) /i.test(w)),
      // "with ..."
      ...d.features.flatMap((c) => forms(c)).filter((w) => /^(with|without|no|help) /i.test(w)),
    ]);
    expect(bad).toEqual([]);
    expect(slipsIn(DOMAINS.flatMap((d) => [...d.topics, ...d.features, ...d.situations].flatMap(forms)))).toEqual([]);
  });

  it("are told apart as things and others", () => {
    for (const words of ["warm jacket", "curtains", "first big race"])
      expect(frames.namesThing(words), words).toBe(true);
    for (const words of ["keeping chickens", "a home for newts", "less TV", "something for insects"])
      expect(frames.namesThing(words), words).toBe(false);
  });
});

describe("the frames", () => {
  it("have places with words for them only", () => {
    const places: readonly (readonly [readonly string[], string])[] = [
      [frames.TITLE_TOPIC, "x"],
      [frames.TITLE_FEATURE, "xf"],
      [frames.TITLE_SITUATION, "xs"],
      [frames.LEADS, "x"],
      [frames.ONE_FEATURE, "f"],
      [frames.TWO_FEATURES, "fgh"],
      [frames.SITUATIONS, "s"],
      [frames.BINDINGS, "ab"],
      [frames.ONE_NEGATION.map(({ absent }) => absent), "n"],
      [frames.ONE_NEGATION.map(({ there }) => there), "m"],
      [frames.TWO_NEGATIONS, "nm"],
      [[...frames.COMMENT_TOPIC, ...frames.COMMENT_TOPIC_THING], "x"],
      [[...frames.COMMENT_FEATURE, ...frames.COMMENT_FEATURE_THING], "xf"],
      [frames.QUERY_ABSENT, "n"],
      [frames.QUERY_THERE, "m"],
    ];
    for (const [list, letters] of places)
      for (const frame of list) {
        const found = [...frame.matchAll(/\{(\w)\}/g)].map(([, place]) => place!.toLowerCase());
        expect(found.length, frame).toBeGreaterThan(0);
        for (const place of found) expect(letters, frame).toContain(place);
      }
  });

  it("put no determiner before a feature or an asker's phrase that may have its own", () => {
    const open = [
      ...frames.TITLE_FEATURE,
      ...frames.ONE_FEATURE,
      ...frames.TWO_FEATURES,
      ...frames.COMMENT_FEATURE,
      ...frames.COMMENT_FEATURE_THING,
    ];
    expect(open.filter((frame) => /\b(an?|the|my|your|any|more|this|that) \{[fgh]\}/i.test(frame))).toEqual([]);
    const asked = [...frames.COMMENT_TOPIC, ...frames.COMMENT_FEATURE];
    expect(asked.filter((frame) => /\b(an?|the|my|your|any|this|that) \{x\}/i.test(frame))).toEqual([]);
  });
});

describe("notes", () => {
  it("hold no slip of grammar", () => {
    expect(slipsIn(NOTES.flatMap(({ title, text }) => [title, text]))).toEqual([]);
  });

  it("are a title and whole sentences of 15 words or more, and seldom more than 30 and a comment", () => {
    let long = 0;
    for (const note of NOTES) {
      expect(note.title).toMatch(/^\p{Lu}.*[\p{L})]$/u);
      expect(note.text).toMatch(/^\p{Lu}.*[.?]$/u);
      const body = note.text.replace(/ (Comment|Reader|Reply): .*$/, "");
      for (const sentence of body.split(/(?<=[.?]) /)) expect(sentence).toMatch(/^\p{Lu}.*[.?]$/u);
      const words = `${note.title} ${body}`.split(" ").length;
      expect(words, whole(note)).toBeGreaterThanOrEqual(15);
      if (words > 30) long++;
    }
    expect(long / NOTES.length).toBeLessThan(0.02);
  });

  it("name each fact of theirs, the main concept twice in different words", () => {
    for (const [i, note] of NOTES.entries()) {
      const plan = planNote(WORLD, SETTINGS, RATE, SEED, i);
      const body = whole(note).replace(/ (Comment|Reader|Reply): .*$/, "");
      for (const number of planFacts(plan)) {
        const fact = WORLD.facts[number]!;
        if (fact.kind === "binding") expect(body.toLowerCase()).toContain(`${fact.value} ${fact.noun}`.toLowerCase());
        else if (fact.kind === "negation") {
          const n = fact.noun;
          const absent = new RegExp(
            `\\b(no|without the|without any|skipped the|not the|no to the|never with the) ${n}\\b|left the ${n} out|\\b${n}: not|\\b${n} out\\b`,
            "i",
          );
          expect(absent.test(body), `${n} in ${body}`).toBe(fact.absent);
          expect(body.toLowerCase()).toContain(n);
        } else {
          const said = mentions(body, forms(fact.concept));
          expect(said.length, `${fact.concept.key} in ${body}`).toBeGreaterThanOrEqual(fact.kind === "topic" ? 2 : 1);
        }
      }
    }
  });

  it("differ from their twins in the constraint alone", () => {
    let twins = 0;
    const bag = (note: Doc) =>
      (
        whole(note)
          .toLowerCase()
          .match(/[\p{L}-]+/gu) ?? []
      )
        .sort()
        .join(" ");
    for (let i = 0; i + 1 < NOTES.length; i += 2) {
      if (!areTwins(SEED, i >> 1, RATE)) continue;
      twins++;
      const [one, other] = [NOTES[i]!, NOTES[i + 1]!];
      expect(whole(one)).not.toBe(whole(other));
      const sentences = (note: Doc) => [note.title, ...note.text.split(/(?<=[.?]) /)];
      const changed = sentences(one).filter((sentence) => !sentences(other).includes(sentence));
      // A longer negation ("With the salt after all.") may leave no room for a filler that its twin has.
      const negates = planNote(WORLD, SETTINGS, RATE, SEED, i).negations.length > 0;
      expect(changed.length, whole(one)).toBeGreaterThanOrEqual(1);
      expect(changed.length, whole(one)).toBeLessThanOrEqual(negates ? 2 : 1);
      if (!negates) expect(bag(one)).toBe(bag(other));
    }
    expect(twins).toBeGreaterThan(100);
  });

  it("rarely read alike", () => {
    // No note twice, and no opening (title and first sentence) in more than two notes that are no twins.
    expect(new Set(NOTES.map(whole)).size).toBe(NOTES.length);
    const own = NOTES.filter((_, i) => i % 2 === 0 || !areTwins(SEED, i >> 1, RATE));
    const openings = own.map(({ title, text }) => `${title} | ${text.split(/[.?] /)[0]}`);
    expect(new Set(openings).size / openings.length).toBeGreaterThan(0.995);
  });
});

describe("queries", () => {
  const truth = buildTruth(WORLD, SETTINGS, SEED);
  const ids = NOTES.map(({ id }) => id);
  const drawn = drawSplit(WORLD, truth, SETTINGS, SEED, "test", ids, () => {});
  const texts = drawn.queries.map(({ text }) => text);

  it("hold no slip of grammar", () => {
    expect(slipsIn(texts)).toEqual([]);
  });

  it("are 2 to 13 words, mostly 3 to 10", () => {
    const lengths = texts.map((text) => text.split(" ").length);
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(2);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(13);
    expect(lengths.filter((n) => n >= 3 && n <= 10).length / lengths.length).toBeGreaterThan(0.95);
  });

  it("name each fact asked for and can be read in one domain only", () => {
    for (const [k, text] of texts.entries()) {
      const need = drawn.needs[k]!;
      let clear = 0;
      for (const number of need) {
        const fact = WORLD.facts[number]!;
        if (fact.kind === "binding") expect(text).toContain(`${fact.value} ${fact.noun}`);
        else if (fact.kind === "negation") {
          const absent = new RegExp(`\\b(no|without|without the|without any|minus the) ${fact.noun}\\b`);
          expect(absent.test(text), text).toBe(fact.absent);
          expect(text).toContain(fact.noun);
        } else {
          const { name, ask } = fact.concept;
          const own = mentions(text, [name, ...ask]).length > 0;
          if (own) clear++;
          else expect(mentions(text, [fact.concept.ambiguous ?? "?"]), text).toHaveLength(1);
        }
      }
      expect(clear, text).toBeGreaterThan(0);
    }
  });

  it("are asked in the same words in no two splits", () => {
    const dataset = notesDataset(SETTINGS, SEED);
    const trained = new Set(dataset.train.queries.map(({ text }) => text));
    expect(dataset.validation.queries.filter(({ text }) => trained.has(text))).toEqual([]);
    expect(dataset.test.queries.filter(({ text }) => trained.has(text))).toEqual([]);
  });
});
