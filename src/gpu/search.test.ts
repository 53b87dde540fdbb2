/** Exact search against a full sort of the very scores that the kernel computed, and those scores against float64. */
import { describe, expect, it } from "vitest";
import { random } from "../core/random";
import { scoresOf } from "./kernels/scores";
import { searchAll, searchStep, uploadIndex } from "./search";
import { useGpu } from "./testGpu";

const gpu = useGpu();

interface Case {
  documents: number;
  size: number;
  queries: number;
  ks: number[];
  /** Different vectors: the rest repeats them, so that their scores tie. */
  distinct?: number;
  perBlock?: number;
  /** The first so many queries are searched only. */
  unscored?: number;
}

/** Seeded vectors; the order in which ties rank is shuffled, so that it is not the documents' own. */
function made({ documents, size, queries, distinct = documents }: Case) {
  const r = random(7, `search ${documents} ${size}`);
  const normal = (n: number) => Float32Array.from({ length: n }, () => r.normal());
  const different = normal(distinct * size);
  const vectors = new Float32Array(documents * size);
  for (let d = 0; d < documents; d++) {
    const source = d < distinct ? d : r.int(distinct);
    vectors.set(different.subarray(source * size, (source + 1) * size), d * size);
  }
  const order = Int32Array.from({ length: documents }, (_, d) => d);
  for (let i = documents - 1; i > 0; i--) {
    const j = r.int(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return { vectors, order, queries: normal(queries * size) };
}

const cosine = (a: Float32Array, b: Float32Array) => {
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
  }
  return aa > 0 && bb > 0 ? dot / Math.sqrt(aa * bb) : 0;
};

describe("searchAll", () => {
  const cases: [string, Case][] = [
    ["one document", { documents: 1, size: 3, queries: 2, ks: [1, 10] }],
    ["fewer documents than k", { documents: 257, size: 5, queries: 3, ks: [1, 256, 1000] }],
    ["3,001 documents, many of them the same", { documents: 3001, size: 6, queries: 35, distinct: 40, ks: [10, 1000] }],
    ["all documents the same", { documents: 1500, size: 4, queries: 2, distinct: 1, ks: [1, 10, 1000] }],
    ["several chunks of a block", { documents: 4700, size: 7, queries: 2, distinct: 3000, ks: [1, 33, 1024] }],
    ["several blocks", { documents: 1601, size: 12, queries: 5, distinct: 900, perBlock: 600, ks: [7, 1000] }],
    // Chunks are 9,000 documents here: long enough for a bound, for a k up to 128.
    ["long chunks", { documents: 36_000, size: 2, queries: 32, distinct: 35_000, ks: [1, 100, 129], unscored: 30 }],
    [
      "long chunks, many documents the same",
      { documents: 36_000, size: 2, queries: 32, distinct: 60, ks: [10], unscored: 30 },
    ],
    ["vectors longer than a workgroup", { documents: 300, size: 131, queries: 1, ks: [10] }],
  ];
  it.each(cases)("finds the best k, ties in order: %s", async (_, one) => {
    const { vectors, order, queries } = made(one);
    const { documents, size } = one;
    const before = gpu().bytes();
    const index = uploadIndex(gpu(), vectors, size, order, one.perBlock);
    expect(gpu().bytes() - before).toBeGreaterThanOrEqual(index.bytes);
    const rank = new Int32Array(documents);
    order.forEach((document, place) => {
      rank[document] = place;
    });
    const all = Int32Array.from({ length: documents }, (_, d) => d);
    let tied = 0;
    for (const k of one.ks) {
      const { hits, scores } = await searchAll(
        gpu(),
        index,
        queries,
        k,
        Array.from({ length: one.queries }, (_, q) => (q < (one.unscored ?? 0) ? [] : all)),
      );
      expect(hits.length).toBe(one.queries);
      hits.forEach((hit, q) => {
        if (q < (one.unscored ?? 0)) return;
        const own = scores[q]!;
        const sorted = Array.from(all).sort((a, b) => own[b]! - own[a]! || rank[a]! - rank[b]!);
        const best = sorted.slice(0, k);
        expect(Array.from(hit.documents)).toEqual(best);
        expect(Array.from(hit.scores)).toEqual(best.map((d) => own[d]!));
        if (k < documents && own[sorted[k - 1]!] === own[sorted[k]!]) tied++;
      });
      if (k !== one.ks[0]) continue;
      const query = queries.subarray((one.queries - 1) * size);
      for (let d = 0; d < documents; d += 7)
        expect(Math.abs(scores.at(-1)![d]! - cosine(query, vectors.subarray(d * size, (d + 1) * size)))).toBeLessThan(
          1e-6,
        );
    }
    // The cut goes through ties where documents repeat: without that the order of ties would not be tested.
    if ((one.distinct ?? documents) < 100 && one.ks.some((k) => k < documents)) expect(tied).toBeGreaterThan(0);
    index.dispose();
    expect(gpu().bytes()).toBe(before);
  });

  it("ranks what is no number last, and zeros of both signs as one", async () => {
    const vectors = Float32Array.of(Number.NaN, 1, 1, 0, -1, 0, 0, 0, 0, -1);
    const index = uploadIndex(gpu(), vectors, 2, Int32Array.of(4, 3, 2, 1, 0));
    const { hits } = await searchAll(gpu(), index, Float32Array.of(1, 0), 5);
    expect(Array.from(hits[0]!.documents)).toEqual([1, 4, 3, 2, 0]);
    expect(Array.from(hits[0]!.scores, (s) => s + 0)).toEqual([1, 0, 0, -1, Number.NaN]);
    index.dispose();
  });

  it("finds the same whichever queries share the batch", async () => {
    const { vectors, order, queries } = made({ documents: 700, size: 9, queries: 40, ks: [] });
    const index = uploadIndex(gpu(), vectors, 9, order);
    const together = await searchAll(gpu(), index, queries, 20);
    const last = await searchAll(gpu(), index, queries.subarray(39 * 9), 20);
    expect(last.hits[0]).toEqual(together.hits[39]);
    index.dispose();
  });

  it("refuses a k that is too large, more scores than the GPU binds, and an index of nothing", () => {
    const index = uploadIndex(gpu(), Float32Array.of(1, 0), 2, Int32Array.of(0));
    expect(() => searchStep(gpu(), index, 1, 1025)).toThrow(/k is from 1 to 1024/);
    expect(() => searchStep(gpu(), { ...index, perBlock: 2 ** 31 }, 1, 1)).toThrow(/more than the GPU binds/);
    expect(() => uploadIndex(gpu(), new Float32Array(), 2, new Int32Array())).toThrow(/index of 0 documents/);
    index.dispose();
  });
});

describe("a search step", () => {
  it("takes three dispatches for a block, one for each further pair of them, and one submit's buffers", () => {
    const { vectors, order } = made({ documents: 2000, size: 8, queries: 1, ks: [] });
    const before = gpu().bytes();
    const one = uploadIndex(gpu(), vectors, 8, order);
    const step = searchStep(gpu(), one, 32, 100);
    expect(step.stats.dispatches).toBe(3);
    // Queries, scores of a block, and candidates: no matrix of scores beyond that.
    expect(step.stats.bytes).toBeLessThan(32 * 2048 * 4 + 32 * 100 * 8 + 32 * 8 * 4 + 4096);
    step.dispose();
    one.dispose();
    const blocks = uploadIndex(gpu(), vectors, 8, order, 512);
    const several = searchStep(gpu(), blocks, 32, 100);
    expect(several.stats.dispatches).toBe(1 + 4 * 2 + 1);
    // The blocks' scores lie in the same memory, one after the other.
    expect(several.stats.bytes).toBeLessThan(32 * 512 * 4 + 5 * 32 * 100 * 8 + 32 * 8 * 4 + 4096);
    several.dispose();
    blocks.dispose();
    expect(gpu().bytes()).toBe(before);
  });
});

describe("scoresOf", () => {
  it("is the way back from keys that compare as scores do", () => {
    const keys = Uint32Array.of(0, 0x007fffff, 0x407fffff, 0x80000000, 0xbf800000, 0xff800000);
    expect(Array.from(scoresOf(keys))).toEqual([Number.NaN, -Infinity, -1, 0, 1, Infinity]);
  });
});
