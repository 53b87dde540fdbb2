/**
 * What a record keeps of the answers themselves: for the queries on which a system falls furthest behind the teacher, the
 * first documents of both. So small that it goes with the record into a line of trials.jsonl; the texts of the documents
 * are the collection's, which is made again or kept beside the sweep.
 */
import type { Dataset } from "../../data/types";
import { worstFirst } from "../../evaluation/gaps";
import type { SystemName } from "../../formats/result";
import { COMPARED } from "../evaluate";
import { inOrder, type Measured } from "./measure";
import type { Ranking, SystemRecord } from "./record";

/** Queries of each measure and system. */
export const WORST = 20;
/** Characters of a query's text. */
const LONGEST = 200;

/** Values by query of everything that a record compares, and whether less of it is better. */
function columnsOf({ perQuery, entropy }: SystemRecord): [string, readonly (number | null)[], boolean][] {
  const { byQuery } = entropy ?? {};
  return [
    ...COMPARED.flatMap((key): [string, readonly (number | null)[], boolean][] =>
      perQuery[key] ? [[key, perQuery[key], false]] : [],
    ),
    ...(byQuery ? (["raw", "scaled"] as const) : []).map((kind): [string, readonly (number | null)[], boolean] => [
      kind,
      byQuery![kind],
      true,
    ]),
  ];
}

/**
 * The rankings of a trial's record: those of the teacher and of each system on the queries where that loses most, by any
 * of the compared measures.
 * @returns null where no system was measured beside the teacher
 */
export function rankingsOf(
  found: ReadonlyMap<SystemName, Measured>,
  { test, relevanceLevel }: Pick<Dataset, "test" | "relevanceLevel">,
): Ranking[] | null {
  const teacher = found.get("teacher");
  if (!teacher || found.size < 2) return null;
  const best = new Map(columnsOf(teacher.record).map(([key, values]) => [key, values]));
  const wanted = new Map<number, Set<SystemName>>();
  for (const [system, { record }] of found) {
    if (system === "teacher") continue;
    for (const [key, values, less] of columnsOf(record)) {
      const top = best.get(key);
      if (!top) continue;
      for (const { query, gap } of worstFirst(values, top, less).slice(0, WORST))
        if (gap > 0) wanted.set(query, (wanted.get(query) ?? new Set<SystemName>(["teacher"])).add(system));
    }
  }
  const order = inOrder(test.queries.map(({ id }) => id));
  return [...wanted]
    .sort(([a], [b]) => a - b)
    .map(([place, systems]): Ranking => {
      const { id, text } = test.queries[order[place]!]!;
      const grades = [...(test.qrels.get(id) ?? [])].filter(([, grade]) => grade >= relevanceLevel);
      return {
        place,
        id,
        text: text.slice(0, LONGEST),
        relevant: Object.fromEntries(grades),
        top: Object.fromEntries([...systems].map((system) => [system, found.get(system)!.top[place]!])),
      };
    });
}
