/** Writes a query: three to ten words or so, its parts in varied order, in the manner of a search box. */
import type { Random } from "../../random";
import { countWords, fill, QUERY_ABSENT, QUERY_ENDINGS, QUERY_OPENINGS, QUERY_THERE } from "./frames";
import { asked, type Wording } from "./mentions";
import { boundWords } from "./noteText";
import { withTypos } from "./typos";
import type { World } from "./world";

export const MOST_QUERY_WORDS = 10;
const FEWEST_QUERY_WORDS = 3;
const PREPOSITION =
  /^(for|in|on|with|without|when|under|at|after|before|during|by|from|near|as|to|while|over|between) /;

/** The words of a query's facts, by part. */
interface Parts {
  topic: string;
  features: string[];
  situations: string[];
  bound: string[];
  negations: string[];
}

/**
 * Words for a query.
 *
 * @param facts the main concept first, the others in any order
 * @param typos share of the words with one letter wrong
 */
export function writeQuery(world: World, facts: readonly number[], w: Wording, typos: number, r: Random): string {
  let text = "";
  for (let tries = 0; tries < 4; tries++) {
    const parts = partsOf(world, facts, w, r);
    const written = tries === 0 ? fitted(parts, r) : writeCore(parts, true, r);
    if (!text || countWords(written) < countWords(text)) text = written;
    if (countWords(text) <= MOST_QUERY_WORDS) break;
  }
  return withTypos(text, typos, r);
}

/** With an opening or an ending where there is room. */
function fitted(parts: Parts, r: Random): string {
  const core = writeCore(parts, false, r);
  const opening = r.pick(QUERY_OPENINGS);
  const wish = r.next();
  const fits = (text: string) => countWords(text) >= FEWEST_QUERY_WORDS && countWords(text) <= MOST_QUERY_WORDS;
  if (core.startsWith(parts.topic) && wish < 0.6 && fits(opening + core)) return opening + core;
  const ended = core + r.pick(QUERY_ENDINGS);
  if (wish > 0.88 && fits(ended)) return ended;
  if (fits(core)) return core;
  const terse = writeCore(parts, true, r); // starts with the main concept
  return countWords(terse) < FEWEST_QUERY_WORDS ? opening + terse : terse;
}

function partsOf(world: World, facts: readonly number[], w: Wording, r: Random): Parts {
  const parts: Parts = { topic: "", features: [], situations: [], bound: [], negations: [] };
  // The neighbours decide an ambiguous word; a query of one concept has none.
  const concepts = facts.filter((fact) => world.slots[fact]! < 0).length;
  const voice = concepts > 1 ? w : { ...w, ambiguous: 0 };
  for (const number of facts) {
    const fact = world.facts[number]!;
    if (fact.kind === "topic") parts.topic = asked(fact.concept, voice, r);
    else if (fact.kind === "feature") parts.features.push(asked(fact.concept, voice, r));
    else if (fact.kind === "situation") parts.situations.push(asked(fact.concept, voice, r));
    else if (fact.kind === "binding") parts.bound.push(boundWords(world, number));
    else if (fact.kind === "negation")
      parts.negations.push(
        fact.absent ? fill(r.pick(QUERY_ABSENT), { n: fact.noun }) : fill(r.pick(QUERY_THERE), { m: fact.noun }),
      );
  }
  return parts;
}

/** The parts in one of several orders; `terse` leaves out every joining word. */
function writeCore({ topic, features, situations, bound, negations }: Parts, terse: boolean, r: Random): string {
  const style = terse ? 0 : r.int(8);
  const and = terse || r.chance(0.3) ? ", " : " and ";
  // "with a mirror and white walls" has no end: what is bound has its own part.
  const groups = r.shuffle([features.join(and), bound.join(and)].filter(Boolean));
  if (style < 2) {
    // All parts beside each other, the main concept anywhere.
    const all = [topic, ...groups, ...situations];
    return [...(terse ? all : r.shuffle(all)), ...negations].join(", ");
  }
  const [first, ...others] = groups;
  let text = topic;
  if (first && style === 2) text = `${first} for ${topic}`;
  else if (first && style === 3) text = `${first}, ${topic}`;
  else if (first) text = `${topic} with ${first}`;
  for (const group of others) text += `, ${group}`;
  for (const situation of situations) {
    if (style === 4) text = `${situation}: ${text}`;
    else text += (PREPOSITION.test(situation) && style !== 5 ? " " : ", ") + situation;
  }
  for (const negation of negations) text += (/^(no|not|minus) /.test(negation) ? ", " : " ") + negation;
  return text;
}
