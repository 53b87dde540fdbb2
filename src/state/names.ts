/** Names for runs: easy to say, told apart at a glance. */

const FIRST = [
  "calm",
  "brisk",
  "plain",
  "tidy",
  "pale",
  "stern",
  "wry",
  "dusty",
  "grey",
  "lucid",
  "mellow",
  "quiet",
  "sharp",
  "warm",
  "early",
  "late",
  "swift",
  "steady",
  "bright",
  "mild",
];
const SECOND = [
  "heron",
  "otter",
  "lark",
  "egret",
  "moth",
  "gull",
  "newt",
  "swift",
  "plume",
  "tern",
  "finch",
  "hare",
  "crane",
  "vole",
  "wren",
  "seal",
  "crow",
  "stoat",
  "teal",
  "moss",
];

/** The n-th name of this visit; `salt` tells visits apart. */
export function runName(n: number, salt = Date.now()): string {
  const a = FIRST[(salt + 7 * n) % FIRST.length]!;
  const b = SECOND[(Math.floor(salt / FIRST.length) + 3 * n) % SECOND.length]!;
  return `${a}-${b}`;
}
