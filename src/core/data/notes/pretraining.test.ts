import { describe, expect, it } from "vitest";
import { presetExperiment } from "../../config/presets";
import { notesDataset } from ".";
import { notesThreads, plainForm, pretrainingSeed } from "./pretraining";

const { notes } = presetExperiment("tiny").data;
const COUNT = 400;
const threads = [...notesThreads(notes, 1, COUNT)];

describe("threads of notes and queries", () => {
  it("depend on the seed and their number alone", () => {
    expect([...notesThreads(notes, 1, 50)]).toEqual(threads.slice(0, 50));
    expect([...notesThreads(notes, 2, 50)]).not.toEqual(threads.slice(0, 50));
  });

  it("hold several texts each, of notes and of queries", () => {
    const lines = threads.map((thread) => thread.split("\n "));
    expect(new Set(lines.map((texts) => texts.length))).toEqual(new Set([2, 3, 4]));
    for (const text of lines.flat()) expect(text.length).toBeGreaterThan(5);
  });

  it("say a thing in writers' and in askers' words within one thread", () => {
    const both = threads.filter((thread) => /whelp lessons|clicker/.test(thread) && /young dog/.test(thread));
    expect(both.length).toBeGreaterThan(0);
  });

  it("come of worlds that no collection has", () => {
    for (const seed of [0, 1, 7, 2 ** 31 - 1]) expect(pretrainingSeed(seed)).toBeGreaterThanOrEqual(2 ** 31);
    expect(pretrainingSeed(1)).not.toBe(pretrainingSeed(2));
    const { docs } = notesDataset(notes, 7);
    const texts = new Set(threads.flatMap((thread) => thread.split("\n ")));
    expect(docs.filter((doc) => texts.has(`${doc.title}. ${doc.text}`))).toEqual([]);
  });

  it("leave out the texts that must not occur, whatever their case and punctuation", () => {
    const lines = threads.flatMap((thread) => thread.split("\n "));
    const without = new Set([lines[3]!, lines[40]!].map(plainForm));
    const left = [...notesThreads(notes, 1, COUNT, without)].flatMap((thread) => thread.split("\n "));
    expect(lines.some((text) => without.has(plainForm(text)))).toBe(true);
    expect(left.some((text) => without.has(plainForm(text)))).toBe(false);
    expect(plainForm("Tips for: a  Warm JACKET!")).toBe("tips for a warm jacket");
  });
});
