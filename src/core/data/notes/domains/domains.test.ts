import { describe, expect, it } from "vitest";
import { LabError } from "../../../errors";
import type { Concept } from "../types";
import { concept, concepts, keyOf } from "./concept";
import { DOMAINS } from "./index";

const STOP_WORDS = new Set(
  (
    "a an the of for with without on in at to from by and or but my me your our us it its this that when while where who " +
    "if as is are be says up out off over under into after before between within amid around about through against " +
    "beside behind below beneath above near no not do does i you we they just only very much many few some something " +
    "so than then too s t"
  ).split(" "),
);

/** Crude on purpose: two words that it joins look alike to a reader too. */
function stem(word: string): string {
  for (const ending of ["ing", "ed", "es", "s"]) {
    if (word.endsWith(ending) && word.length - ending.length >= 3) return word.slice(0, -ending.length);
  }
  return word;
}

function words(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
}

function content(texts: readonly string[]): Set<string> {
  const found = texts.flatMap(words).filter((word) => !STOP_WORDS.has(word));
  return new Set(found.map(stem));
}

const ALL: readonly Concept[] = DOMAINS.flatMap((d) => [...d.topics, ...d.features, ...d.situations]);

describe("reading a concept line", () => {
  it("reads the four parts", () => {
    expect(concept("Two Words | a; b c; d | e; f; g | h")).toEqual({
      key: "two-words",
      name: "Two Words",
      ask: ["a", "b c", "d"],
      say: ["e", "f", "g"],
      ambiguous: "h",
    });
    expect(concept("x | a; b; c | d; e; f").ambiguous).toBeUndefined();
    expect(concepts("\n  x | a; b; c | d; e; f\n\n y | a; b; c | d; e; f")).toHaveLength(2);
    expect(keyOf("a south-facing window!")).toBe("a-south-facing-window");
  });

  it.each([
    ["x | a; b; c"],
    ["x | a; b | d; e; f"],
    ["x | a; b; c | d; e; "],
    [" | a; b; c | d; e; f"],
    ["x | a; b; c | d; e; f | "],
    ["x | a; b; c | d; e; f | g | h"],
  ])("refuses %j, naming the line", (line) => {
    expect(() => concept(line)).toThrow(LabError);
    expect(() => concept(line)).toThrow(line.trim());
  });
});

describe("the domains", () => {
  it("are ten, of 44 concepts each", () => {
    expect(DOMAINS).toHaveLength(10);
    expect(new Set(DOMAINS.map((d) => d.name)).size).toBe(10);
    for (const d of DOMAINS) {
      const sizes = [d.name, d.topics.length, d.features.length, d.situations.length];
      expect(sizes).toEqual([d.name, 20, 16, 8]);
    }
  });

  it("have enough bindings, negatables and fillers", () => {
    for (const d of DOMAINS) {
      expect(d.bindings.length, d.name).toBeGreaterThanOrEqual(2);
      for (const binding of d.bindings) {
        expect(new Set(binding.nouns).size, d.name).toBeGreaterThanOrEqual(3);
        expect(new Set(binding.values).size, d.name).toBeGreaterThanOrEqual(4);
      }
      expect(new Set(d.negatables).size, d.name).toBeGreaterThanOrEqual(6);
      expect(new Set(d.fillers).size, d.name).toBeGreaterThanOrEqual(6);
      for (const filler of d.fillers) expect(filler, d.name).toMatch(/^[A-Z].*\.$/);
    }
  });

  it("name no negatable and no bound noun inside a concept of the same domain", () => {
    const bad: string[] = [];
    for (const d of DOMAINS) {
      const nouns = d.bindings.flatMap((b) => b.nouns);
      const kept = content([...d.negatables, ...nouns]);
      if (content(nouns).size !== nouns.length) bad.push(`${d.name}: a noun bound twice`);
      if (kept.size !== d.negatables.length + nouns.length) bad.push(`${d.name}: a noun bound and negated`);
      for (const c of [...d.topics, ...d.features, ...d.situations]) {
        for (const word of content([c.name, ...c.ask, ...c.say])) if (kept.has(word)) bad.push(`${c.key}: ${word}`);
      }
    }
    expect(bad).toEqual([]);
  });
});

describe("the concepts", () => {
  it("have unique keys and three or more forms a side", () => {
    const keys = ALL.map((c) => c.key);
    expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([]);
    const few = ALL.filter((c) => new Set(c.ask).size < 3 || new Set(c.say).size < 3);
    expect(few.map((c) => c.key)).toEqual([]);
  });

  it("share no content word between name, ask forms and say forms", () => {
    const bad: string[] = [];
    for (const c of ALL) {
      const [name, ask, say] = [content([c.name]), content(c.ask), content(c.say)];
      for (const word of name) if (ask.has(word) || say.has(word)) bad.push(`${c.key}: ${word} of the name`);
      for (const word of ask) if (say.has(word)) bad.push(`${c.key}: ${word}`);
      const other = c.ambiguous === undefined ? [] : [...content([c.ambiguous])];
      if (other.some((word) => ask.has(word) || say.has(word))) bad.push(`${c.key}: its ambiguous word`);
    }
    expect(bad).toEqual([]);
  });

  it("share no complete form with another concept", () => {
    const owners = new Map<string, string>();
    const bad: string[] = [];
    for (const c of ALL) {
      for (const form of new Set([c.name, ...c.ask, ...c.say].map((f) => f.toLowerCase()))) {
        const owner = owners.get(form);
        if (owner !== undefined) bad.push(`${form}: ${owner}, ${c.key}`);
        owners.set(form, c.key);
      }
    }
    expect(bad).toEqual([]);
  });

  it.each(["ask", "say"] as const)("have a distinctive word in every %s form", (side) => {
    const carriers = new Map<string, number>();
    for (const c of ALL) for (const word of content(c[side])) carriers.set(word, (carriers.get(word) ?? 0) + 1);
    const dull = (form: string) => ![...content([form])].some((word) => (carriers.get(word) ?? 0) <= 3);
    expect(ALL.flatMap((c) => c[side].filter(dull).map((form) => `${c.key}: ${form}`))).toEqual([]);
  });

  it("keep forms short and plain", () => {
    const bad = DOMAINS.flatMap((d) => {
      const nounPhrases = [...d.topics, ...d.features].flatMap((c) => [...c.ask, ...c.say]);
      const phrases = d.situations.flatMap((c) => [...c.ask, ...c.say]);
      const tooLong = (longest: number) => (form: string) =>
        form.split(" ").length > longest || !/^[A-Za-z][A-Za-z' -]*$/.test(form);
      return [...nounPhrases.filter(tooLong(4)), ...phrases.filter(tooLong(5))];
    });
    expect(bad).toEqual([]);
  });

  it("carry twenty or more ambiguous words, each at least twice, once a domain and none by a situation", () => {
    const counts = new Map<string, number>();
    for (const c of ALL) if (c.ambiguous !== undefined) counts.set(c.ambiguous, (counts.get(c.ambiguous) ?? 0) + 1);
    expect(counts.size).toBeGreaterThanOrEqual(20);
    expect([...counts].filter(([, count]) => count < 2).map(([word]) => word)).toEqual([]);
    for (const d of DOMAINS) {
      // Twice in one domain, the neighbours could hardly decide.
      const own = [...d.topics, ...d.features].flatMap((c) => c.ambiguous ?? []);
      expect(own, d.name).toHaveLength(new Set(own).size);
    }
    expect(DOMAINS.flatMap((d) => d.situations).filter((c) => c.ambiguous !== undefined)).toEqual([]);
  });
});
