/** Where the student loses: test queries by how far it falls behind the teacher. */
import { worstFirst } from "../evaluation/gaps";
import type { SystemName } from "../formats/result";
import { lessIsBetter, type Trial, valuesOf } from "./trial";

/** First documents of both for a query. */
export interface RankingPair {
  text: string;
  /** Grades of the relevant documents, by id. */
  relevant: Record<string, number>;
  /** Ids, best first. */
  teacher: string[];
  student: string[];
}

export interface QueryGap {
  /** The trial's record; null where it has no name. */
  key: string | null;
  seed: number;
  /** Place among the test queries. */
  query: number;
  id: string | null;
  student: number;
  teacher: number;
  /** How much worse the student is. */
  gap: number;
  /** Null where the record has none. */
  ranking: RankingPair | null;
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
    const mine = valuesOf(trial.systems[student], metric)?.values;
    const best = valuesOf(trial.systems[teacher], metric)?.values;
    if (!mine || !best || mine.length !== best.length) continue;
    const ranked = new Map((trial.rankings ?? []).map((ranking) => [ranking.place, ranking]));
    for (const { query, gap } of worstFirst(mine, best, lessIsBetter(metric))) {
      const kept = ranked.get(query);
      const [top, own] = [kept?.top[teacher], kept?.top[student]];
      all.push({
        key: trial.key ?? null,
        seed: trial.seed,
        query,
        id: kept?.id ?? trial.queryIds?.[query] ?? null,
        student: mine[query]!,
        teacher: best[query]!,
        gap,
        ranking: top && own ? { text: kept!.text, relevant: kept!.relevant, teacher: top, student: own } : null,
      });
    }
  }
  if (all.length === 0) return null;
  const sorted = all.toSorted((a, b) => b.gap - a.gap);
  const losing = sorted.filter(({ gap }) => gap > 0);
  const sum = (list: readonly QueryGap[]) => list.reduce((total, { gap }) => total + Math.max(0, gap), 0);
  const total = sum(losing);
  return {
    worst: losing.slice(0, most),
    lost: losing.length,
    equal: sorted.filter(({ gap }) => gap === 0).length,
    won: sorted.filter(({ gap }) => gap < 0).length,
    tenth: total > 0 ? sum(losing.slice(0, Math.ceil(all.length / 10))) / total : null,
  };
}
