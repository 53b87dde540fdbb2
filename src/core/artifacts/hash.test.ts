import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson, contentHash } from "./hash";

/** The same value with the keys of every object in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, reversed(item)]),
  );
}

// "__proto__" cannot be set by Object.fromEntries and spread alike in every engine; it is no key of ours.
const json = fc.jsonValue().filter((value) => !JSON.stringify(value).includes("__proto__"));

test("is the SHA-256 of the canonical JSON", async () => {
  const expected = createHash("sha256").update('{"a":[1,"ü",null],"b":{"c":true}}').digest("hex");
  expect(await contentHash({ b: { c: true, d: undefined }, a: [1, "ü", null] })).toBe(expected);
});

test("does not depend on the order of keys, and canonical JSON means the same value", async () => {
  await fc.assert(
    fc.asyncProperty(json, async (value) => {
      expect(await contentHash(reversed(value))).toBe(await contentHash(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("differs where the values differ", async () => {
  await fc.assert(
    fc.asyncProperty(json, json, async (a, b) => {
      fc.pre(canonicalJson(a) !== canonicalJson(b));
      expect(await contentHash(a)).not.toBe(await contentHash(b));
    }),
  );
  expect(canonicalJson(["1"])).not.toBe(canonicalJson([1]));
  expect(canonicalJson([[], []])).not.toBe(canonicalJson([[[]]]));
});

test("refuses what JSON would lose", async () => {
  const loop: unknown[] = [];
  loop.push(loop);
  for (const value of [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    () => 1,
    new Map([[1, 2]]),
    [undefined],
    undefined,
    1n,
    loop,
  ])
    await expect(contentHash(value)).rejects.toThrow(TypeError);
  const shared = { a: 1 };
  expect(canonicalJson([shared, shared])).toBe('[{"a":1},{"a":1}]');
});
