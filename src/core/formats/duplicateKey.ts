/** JSON.parse keeps the last of several equal keys and says nothing; a file that has them is broken or a trick. */

const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

/** The first key that an object of this JSON text has twice, however it is escaped; null where there is none. */
export function duplicateKey(json: string): string | null {
  // A set of keys for each open object, null for an array.
  const open: (Set<string> | null)[] = [];
  let text: string | null = null;
  for (const [token] of json.matchAll(TOKENS)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(null);
    else if (token === "}" || token === "]") open.pop();
    else if (token === ":") {
      const keys = open.at(-1);
      const key = JSON.parse(text!) as string;
      if (keys?.has(key)) return key;
      keys?.add(key);
    } else if (token !== ",") text = token;
  }
  return null;
}
