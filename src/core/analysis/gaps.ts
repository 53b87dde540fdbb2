/** Where the student loses: test queries by how far it falls behind the teacher. */
import type { SystemName } from "../formats/result";
import type { Trial } from "./trial";

export interface QueryGap {
  seed: number;
  /** Place among the test queries. */
  query: number;
  id: string | null;
  student: number;
  teacher: number;
}

export interface Gaps {
  /** Largest loss first; only queries on which the student is behind. */
  worst: QueryGap[];
  lost: number;
  equal: number;
  won: number;
  /** Share of the whole gap that the worst tenth of all queries makes up; null where there is none. */
  tenth: number | null;
}

/** @returns null where no trial has values by query of both */
export function studentGaps(
  trials: readonly Trial[],
  student: SystemName,
  metric: string,
  most = 20,
  teacher: SystemName = "teacher",
): Gaps | null {
  const all: QueryGap[] = [];
  for (const trial of trials) {
    const mine = trial.systems[student]?.perQuery?.[metric];
    const best = trial.systems[teacher]?.perQuery?.[metric];
    if (!mine || !best || mine.length !== best.length) continue;
    for (const [query, value] of mine.entries()) {
      const top = best[query] ?? null;
      if (value === null || top === null) continue;
      all.push({ seed: trial.seed, query, id: trial.queryIds?.[query] ?? null, student: value, teacher: top });
    }
  }
  if (all.length === 0) return null;
  const gap = (g: QueryGap) => g.teacher - g.student;
  const sorted = all.toSorted((a, b) => gap(b) - gap(a));
  const losing = sorted.filter((g) => gap(g) > 0);
  const sum = (list: readonly QueryGap[]) => list.reduce((total, g) => total + Math.max(0, gap(g)), 0);
  const total = sum(losing);
  return {
    worst: losing.slice(0, most),
    lost: losing.length,
    equal: sorted.filter((g) => gap(g) === 0).length,
    won: sorted.filter((g) => gap(g) < 0).length,
    tenth: total > 0 ? sum(losing.slice(0, Math.ceil(all.length / 10))) / total : null,
  };
}
