import { describe, expect, it } from "vitest";
import type { Doc } from "../data/types";
import { testSetHash } from "./testSetHash";

const docs: Doc[] = [
  { id: "d1", title: "Oak floor", text: "White walls" },
  { id: "d2", title: "", text: "No oven" },
];
const queries = [
  { id: "q1", text: "white walls" },
  { id: "q2", text: "oven" },
];
const qrels = new Map([
  ["q1", new Map([["d1", 2]])],
  [
    "q2",
    new Map([
      ["d1", 1],
      ["d2", 0],
    ]),
  ],
]);

describe("the hash of a test set", () => {
  it("is SHA-256 in hexadecimal and does not depend on order", async () => {
    const hash = await testSetHash(docs, { queries, qrels });
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    const turned = new Map(
      [...qrels].reverse().map(([q, grades]): [string, Map<string, number>] => [q, new Map([...grades].reverse())]),
    );
    expect(await testSetHash(docs.toReversed(), { queries: queries.toReversed(), qrels: turned })).toBe(hash);
    // Computed apart, with Python's struct and hashlib. Stored hashes must stay comparable: do not change it.
    expect(hash).toBe("d4a19a23f73c395adc6a629ad4fdbb750ff367502f8286563cdcb14af3966353");
  });

  it("changes with every part", async () => {
    const changed = (change: (d: Doc[], q: typeof queries, r: typeof qrels) => void) => {
      const copy = structuredClone({ docs, queries, qrels });
      change(copy.docs, copy.queries, copy.qrels);
      return testSetHash(copy.docs, { queries: copy.queries, qrels: copy.qrels });
    };
    const hashes = await Promise.all([
      changed(() => {}),
      changed((d) => d.pop()),
      changed((d) => {
        d[0]!.text += " ";
      }),
      // The border between two fields moves.
      changed((d) => {
        d[0]!.title = "Oak floorWhite";
        d[0]!.text = " walls";
      }),
      changed((_, q) => {
        q[0]!.text = "white wall";
      }),
      changed((_, q) => q.pop()),
      changed((_, __, r) => r.get("q2")!.set("d2", 1)),
      changed((_, __, r) => r.get("q2")!.delete("d2")),
      changed((_, __, r) => r.delete("q2")),
    ]);
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it("handles texts longer than a block", async () => {
    const long = (text: string) => testSetHash([{ id: "d", title: "", text }], { queries: [], qrels: new Map() });
    const text = "a".repeat(9_000_000);
    expect(await long(text)).toBe(await long(text));
    expect(await long(`${text}b`)).not.toBe(await long(`${text}c`));
    expect(await long(`b${text}`)).not.toBe(await long(`c${text}`));
  });
});
