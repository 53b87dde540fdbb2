/** Keys made of content: equal settings, data, seed and code give an equal key, whatever the order they were written in. */

/**
 * SHA-256 of the value's canonical JSON, as 64 hex digits.
 * @throws TypeError on what JSON would lose or change without a word: NaN, infinities, functions, maps, cycles
 */
export async function contentHash(value: unknown): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(canonicalJson(value)));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** JSON with sorted keys and no spaces. Keys whose value is undefined are left out, as in JSON.stringify. */
export function canonicalJson(value: unknown): string {
  return write(value, []);
}

function write(value: unknown, above: object[]): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TypeError(`${value} has no place in a content hash.`);
    return JSON.stringify(value); // -0 becomes 0: they are equal
  }
  if (typeof value !== "object") throw new TypeError(`A ${typeof value} has no place in a content hash.`);
  if (above.includes(value)) throw new TypeError("What holds itself has no content hash.");
  const path = [...above, value];
  if (Array.isArray(value)) return `[${Array.from(value as unknown[], (item) => write(item, path)).join(",")}]`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    throw new TypeError(`A ${value.constructor?.name ?? "special object"} has no place in a content hash.`);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${write(item, path)}`).join(",")}}`;
}
