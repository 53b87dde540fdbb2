import { describe, expect, it } from "vitest";
import { bytesEntry, openFiles } from "../data/files";
import type { LawName } from "../scaling/laws";
import { flopsPerParameterPair, largest, lawReport, optimalSplit } from "./lawReport";
import { readTrials } from "./readTrials";
import { scalingReport } from "./scaling";
import { scalingPoints } from "./scalingPoints";
import { entropy, gridTrials, recordOf, scalingTrials } from "./synthetic.test-helper";
import { ENTROPY_MEASURES } from "./trial";

const OPTIONS = { samples: 60, seed: 7, holdOut: 1 };
const SCALED = ENTROPY_MEASURES.scaled;
const pointsOf = (...args: Parameters<typeof scalingTrials>) =>
  scalingPoints(scalingTrials(...args), "teacher", SCALED).points;

describe("points for a law", () => {
  it("are means over seeds, one a size", () => {
    const set = scalingPoints(scalingTrials(), "teacher", SCALED);
    expect(set).toMatchObject({ size: "both towers, equal", pool: "relevant to no test query", left: [] });
    expect(set.points.map((p) => p.n)).toEqual([1_592, 4_656, 9_256, 15_392, 32_272, 55_296, 105_280]);
    expect(set.points[0]!.seeds).toHaveLength(3);
    expect(set.points[0]!.loss).toBeCloseTo(set.points[0]!.seeds.reduce((s, v) => s + v.loss, 0) / 3);
  });
  it("never mix pools, nor take what has no entropy", () => {
    const trials = scalingTrials();
    const teacher = trials[0]!.systems.teacher!;
    trials[0] = { ...trials[0]!, systems: { teacher: { ...teacher, contrastiveEntropy: entropy(9, "another") } } };
    const { contrastiveEntropy: _, ...bare } = trials[1]!.systems.teacher!;
    trials[1] = { ...trials[1]!, systems: { teacher: bare } };
    const set = scalingPoints(trials, "teacher", SCALED);
    expect(set.points[0]!.seeds).toHaveLength(1);
    expect(set.left.join(" ")).toMatch(
      /1 trial left out: no .*1 trial left out: its negatives come from another pool/s,
    );
  });
  it("say which tower N counts where they differ", () => {
    const trials = scalingTrials().map((t) => ({
      ...t,
      systems: { scalingdoc: { ...t.systems.teacher!, documentParams: 407_104 } },
    }));
    expect(scalingPoints(trials, "scalingdoc", SCALED)).toMatchObject({
      size: "query tower",
      points: [{ n: 1_592 }, {}, {}, {}, {}, {}, {}],
    });
    expect(scalingPoints(trials, "scalingdoc", SCALED, "document").points[0]!.n).toBe(407_104);
  });
});

describe("a law through them", () => {
  it("holds the largest size out and says how far off it is", () => {
    const report = lawReport("N", pointsOf(), OPTIONS);
    expect(report.method).toBe("hierarchical bootstrap: seeds, then queries");
    expect(report.fit.points).toBe(6);
    expect(report.points.filter((p) => p.heldOut).map((p) => p.n)).toEqual([105_280]);
    expect(report.heldOutError!.max).toBeLessThan(0.1);
    expect(report.heldOutError!.times).toBeCloseTo(105_280 / 55_296);
    const { low, high } = report.fit.intervals!["alpha"]!;
    expect(low).toBeLessThan(report.fit.parameters!["alpha"]!);
    expect(high).toBeGreaterThan(report.fit.parameters!["alpha"]!);
  });
  it("has a band around its curve, beyond the data too", () => {
    const [curve] = lawReport("N", pointsOf(), OPTIONS).curves;
    for (const p of curve!.points) {
      expect(p.low).toBeLessThanOrEqual(p.y * 1.0001);
      expect(p.high).toBeGreaterThanOrEqual(p.y * 0.9999);
    }
    expect(curve!.points.at(-1)!.x).toBeGreaterThan(105_280);
  });
  it("says what ten times more would buy, and that nobody measured it", () => {
    const report = lawReport("N", pointsOf(), { ...OPTIONS, holdOut: 0 });
    const [buy] = report.purchases;
    expect(buy!.n).toBe(1_052_800);
    expect(buy!.predicted.value).toBeLessThan(buy!.now);
    expect(buy!.predicted.low).toBeLessThanOrEqual(buy!.predicted.value);
    expect(buy!.warning).toMatch(/10 times beyond the largest size measured, from data that span a factor of 66/);
  });
  it("flags one seed a size", () => {
    const report = lawReport("N", pointsOf(undefined, undefined, [7]), OPTIONS);
    expect(report.method).toBe("hierarchical bootstrap: queries only");
    expect(report.fit.flags.join(" ")).toMatch(/One seed a size/);
  });
  it("falls back to residuals where nothing is known of the spread", () => {
    const bare = pointsOf(undefined, undefined, [7]).map((p) => ({
      ...p,
      seeds: p.seeds.map((s) => ({ ...s, low: null, high: null })),
    }));
    expect(lawReport("N", bare, OPTIONS).method).toBe("residual bootstrap");
  });
  it("has words where there is none", () => {
    const report = lawReport("N", pointsOf().slice(0, 4), OPTIONS);
    expect(report).toMatchObject({
      curves: [],
      points: [],
      purchases: [],
      heldOutError: null,
      fit: { parameters: null },
    });
    expect(report.fit.flags[0]).toMatch(/Only 3 points/);
    expect(report.fit.flags[1]).toMatch(/^1 more is held out and not fitted/);
    const alike = pointsOf().slice(0, 1);
    expect(lawReport("N", [...alike, ...alike], OPTIONS).fit.flags).toEqual([
      "All points are of one size: a law wants 4 sizes or more to be fitted to.",
    ]);
    expect(() => lawReport("N", [{ ...pointsOf()[0]!, loss: 0 }], OPTIONS)).toThrow(/Point 1: the loss is 0/);
  });
  it("keeps the largest sizes in its own variables", () => {
    const points = pointsOf([1e3, 1e4], [1e4, 1e5]);
    expect(largest("N", points, 1)).toEqual([false, false, true, true]);
    expect(largest("D", points, 1)).toEqual([false, true, false, true]);
    expect(largest("ND", points, 1)).toEqual([false, false, false, true]);
    expect(largest("N", points, 0)).toEqual([false, false, false, false]);
  });
});

describe("the report of a sweep over size and data", () => {
  const trials = scalingTrials([2e3, 6e3, 2e4, 6e4, 2e5], [5e3, 2e4, 8e4], [7, 8]);
  const ask = (form: LawName, part = {}) =>
    scalingReport(trials, {
      system: "teacher",
      measure: SCALED,
      form,
      holdOut: 1,
      budget: null,
      samples: 10,
      seed: 7,
      ...part,
    });
  it("goes along one variable for a law of one", () => {
    const report = ask("N");
    expect(report.set.points.map((p) => p.d)).toEqual([8e4, 8e4, 8e4, 8e4, 8e4]);
    expect(report.set.left).toEqual([
      "10 points of another number of training pairs left out: L(N) is along one of them.",
    ]);
    expect(report.noSplit).toMatch(/both N and D/);
    expect(new Set(ask("D").set.points.map((p) => p.n))).toEqual(new Set([2e5]));
  });
  it("splits ten times the largest budget by a law of two", () => {
    const { split, set, law } = ask("chinchilla");
    expect(set.points).toHaveLength(15);
    expect(split!.compute).toBeCloseTo(10 * 240 * 2e5 * 8e4, -6);
    expect(law.curves.map((c) => c.at)).toEqual([5e3, 2e4, 8e4]);
    expect(law.purchases.map((p) => p.what)).toEqual([
      "10 times the parameters",
      "10 times the training pairs",
      "10 times the parameters and training pairs",
    ]);
  });
  it("has words for what is missing", () => {
    expect(ask("N", { measure: "none" })).toMatchObject({
      set: { points: [] },
      law: { fit: { flags: [expect.stringMatching(/Only 0 points/)] } },
    });
  });
});

describe("the compute-optimal split", () => {
  const points = pointsOf([2e3, 6e3, 2e4, 6e4], [5e3, 2e4, 8e4], [7, 8]);
  it("takes the FLOPs a parameter and pair from the runs", () => {
    expect(flopsPerParameterPair(points).value).toBeCloseTo(240);
    expect(flopsPerParameterPair([{ ...points[0]!, compute: 0 }])).toMatchObject({
      value: null,
      problem: /do not say/,
    });
  });
  it.each(["chinchilla", "ND"] as LawName[])("is where no other split of the budget is better: %s", (form) => {
    const compute = 240 * 2e4 * 4e4;
    const options = { ...OPTIONS, samples: 10, holdOut: 0 };
    const split = optimalSplit(form, points, compute, options)!;
    expect(split.n.value * split.d.value * 240).toBeCloseTo(compute, -3);
    const c = lawReport(form, points, options).fit.parameters as Record<
      "A" | "B" | "E" | "alpha" | "beta" | "delta",
      number
    >;
    const loss = (n: number) => {
      const d = compute / 240 / n;
      return form === "chinchilla"
        ? c.E + c.A / n ** c.alpha + c.B / d ** c.beta
        : ((c.A / n) ** (c.alpha / c.beta) + c.B / d) ** c.beta + c.delta;
    };
    expect(loss(split.n.value)).toBeCloseTo(split.loss.value, 6);
    for (const off of [0.5, 0.9, 1.1, 2]) expect(loss(split.n.value * off)).toBeGreaterThanOrEqual(split.loss.value);
  });
  it("warns outside the data and knows when it cannot tell", () => {
    expect(optimalSplit("chinchilla", points, 1e18, { ...OPTIONS, samples: 5 })!.warning).toMatch(
      /times the largest number of/,
    );
    expect(optimalSplit("N", points, 1e12, OPTIONS)).toBeNull();
  });
});

describe("trials.jsonl", () => {
  const bytes = (lines: string) => new TextEncoder().encode(lines);
  const readAll = async (lines: Uint8Array, name: string) =>
    readTrials((await openFiles([bytesEntry(name, lines)]))[0]!);
  const read = async (lines: Uint8Array, name: string) => (await readAll(lines, name)).trials;
  const records = gridTrials({ "stage2.mseWeight": [1, 2] }, () => 0.5, [7]).map((t) => recordOf(t));
  const text = records.map((t) => `${JSON.stringify(t)}\n`).join("");
  it("is read line by line, what failed is counted", async () => {
    const failed = {
      ...records[0]!,
      key: "another",
      status: "failed",
      error: { kind: "x", message: "m", remedy: "r" },
    };
    const trials = await read(bytes(`\uFEFF${text}${JSON.stringify(failed)}\n\n`), "trials.jsonl");
    expect(trials.map((t) => [t.assignments, t.seed, t.adapter])).toEqual([
      [{ "stage2.mseWeight": 1 }, 7, "Example GPU"],
      [{ "stage2.mseWeight": 2 }, 7, "Example GPU"],
    ]);
    expect(trials[0]!.systems.teacher).toMatchObject({ trainingPairs: 20_000, queryParams: 105_280 });
    expect(trials[0]!.systems.teacher!.perQuery!["recall@10"]).toHaveLength(120);
    expect((await readAll(bytes(`${text}${JSON.stringify(failed)}\n`), "a.jsonl")).failed).toBe(1);
    // Done at last: nothing is missing.
    const again = JSON.stringify({ ...failed, key: records[1]!.key });
    expect((await readAll(bytes(`${again}\n${text}`), "a.jsonl")).failed).toBe(0);
    await expect(read(bytes(`${JSON.stringify(failed)}\n`), "f.jsonl")).rejects.toThrow(
      /f\.jsonl holds 1 trial, and all of them failed\. The first: m/,
    );
    await expect(read(bytes('{"_id":"d1","text":"a document"}\n'), "corpus.jsonl")).rejects.toThrow(
      /corpus\.jsonl, line 1: this is no trial/,
    );
  });
  it("takes the experiment of a record that has it", async () => {
    const line = JSON.stringify({ ...records[0]!, experiment: { embeddingSize: 64 } });
    expect((await read(bytes(line), "a.jsonl"))[0]!.config).toEqual({ embeddingSize: 64 });
  });
  it("may be under way: a last line without its end is left out", async () => {
    expect(await read(bytes(`${text}{"version":1,"ke`), "a.jsonl")).toHaveLength(2);
  });
  it("is refused with line and field", async () => {
    const bad = `${text}${JSON.stringify({ ...records[0]!, seed: "x" })}\n{"ass\n`;
    await expect(read(bytes(bad), "a.jsonl")).rejects.toThrow(
      /a\.jsonl, line 3, field seed: .*number.*\n.*a\.jsonl, line 4: this is not JSON/s,
    );
    await expect(read(bytes("\n\n"), "a.jsonl")).rejects.toThrow(/a\.jsonl holds no trial/);
    await expect(read(bytes("{"), "a.jsonl")).rejects.toThrow(/line 1: this is not JSON/);
  });
});
