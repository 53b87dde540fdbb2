/** The three splits: needs are drawn, put into words and judged against the whole corpus. */
import { random } from "../../random";
import type { Query, Split } from "../types";
import { wording } from "./mentions";
import { drawNeed, needKey, needSource, type SplitName, sharesOf, splitOf, type Wish } from "./needs";
import type { NotesSettings } from "./plan";
import { writeQuery } from "./queryText";
import { judge, type Truth, twinTest } from "./truth";
import type { World } from "./world";

/** Draws for a query before any set of facts will do (and for training one asked for before), and before it is given up. */
const USUAL_TRIES = 150;
const MOST_TRIES = 400;
/** The first of these once a query has used them up: the corpus has few sets left. */
const TRIES_WHEN_SCARCE = 10;
/** Queries given up, one after another, before the split is called complete. */
const MOST_FAILURES = 20;

export interface DrawnSplit extends Split {
  /** By query: the facts it asks for, the main concept first. */
  needs: number[][];
}

/**
 * Makes one split.
 *
 * @param ids by note: its id
 * @param onQuery called after each query
 */
export function drawSplit(
  world: World,
  truth: Truth,
  settings: NotesSettings,
  seed: number,
  split: SplitName,
  ids: readonly string[],
  onQuery: () => void,
): DrawnSplit {
  const wanted = {
    train: settings.trainQueries,
    validation: settings.validationQueries,
    test: settings.testQueries,
  }[split];
  const shares = sharesOf(settings);
  const source = needSource(world, settings, split);
  const words = wording(world, settings);
  const isTwin = twinTest(settings, seed);
  const used = new Set<string>();
  const drawn: DrawnSplit = { queries: [], qrels: new Map(), needs: [] };
  let failures = 0;
  let scarce = false;
  for (let n = 0; drawn.queries.length < wanted && failures < MOST_FAILURES; n++) {
    const r = random(seed, "need", split, n);
    const wish: Wish = { bindings: r.chance(settings.bindings), negation: r.chance(settings.negation) };
    const usual: number = scarce ? TRIES_WHEN_SCARCE : USUAL_TRIES;
    let need: number[] | null = null;
    for (let tries = 0; tries < MOST_TRIES && !need; tries++) {
      const last: boolean = tries >= usual;
      const facts = drawNeed(world, truth, source, wish, last, r);
      if (!facts || splitOf(seed, facts, shares) !== split) continue;
      if (used.has(needKey(facts)) && !(last && split === "train")) continue;
      need = facts;
      scarce = last;
    }
    if (!need) {
      failures++;
      continue;
    }
    failures = 0;
    used.add(needKey(need));
    const id = `${split}-${drawn.queries.length}`;
    const text = writeQuery(world, need, words, settings.typos, random(seed, "query", split, n));
    const { full, partial, misses } = judge(world, truth, need, isTwin);
    const grades = new Map<string, number>();
    for (const i of full) grades.set(ids[i]!, 2);
    for (const i of partial) grades.set(ids[i]!, 1);
    for (const i of misses) grades.set(ids[i]!, 0);
    const query: Query = { id, text };
    if (misses.length > 0) query.negatives = misses.map((i) => ids[i]!);
    drawn.queries.push(query);
    drawn.qrels.set(id, grades);
    drawn.needs.push(need);
    onQuery();
  }
  return drawn;
}
