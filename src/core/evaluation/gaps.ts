/** Queries by how far one system falls behind another. */
import type { Column } from "./bootstrap";

export interface Gap {
  /** Place among the queries. */
  query: number;
  /** How much worse the first system is; below 0 where it is better. */
  gap: number;
}

/**
 * The queries that have a value of both, the largest gap first; equal gaps in the order of the queries.
 * @param less whether less of the measure is better
 * @throws RangeError for columns of different lengths
 */
export function worstFirst(mine: Column, best: Column, less: boolean): Gap[] {
  if (mine.length !== best.length) throw new RangeError("Only results on the same test queries can be compared.");
  const gaps = mine.flatMap((value, query): Gap[] => {
    const other = best[query] ?? null;
    return value === null || other === null ? [] : [{ query, gap: less ? value - other : other - value }];
  });
  return gaps.sort((a, b) => b.gap - a.gap || a.query - b.query);
}
