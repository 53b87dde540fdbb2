/** Other words for a generated query: the same facts asked for, written anew. */
import type { Random } from "../../random";
import { DOMAINS } from "./domains";
import { wording } from "./mentions";
import type { NotesSettings } from "./plan";
import { writeQuery } from "./queryText";
import { buildWorld } from "./world";

/** Writes query i of a split that says what its queries ask for; null where it does not. */
export function paraphraser(
  settings: NotesSettings,
  seed: number,
  { needs }: { needs?: readonly number[][] },
): ((query: number, r: Random) => string) | null {
  if (!needs) return null;
  const world = buildWorld(DOMAINS, settings.zipf, seed);
  const words = wording(world, settings);
  return (query, r) => writeQuery(world, needs[query]!, words, settings.typos, r);
}
