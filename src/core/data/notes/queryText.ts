/** Writes a query: three to ten words or so, its parts in varied order, in the manner of a search box. */
import type { Random } from "../../random";
import {
  countWords,
  fill,
  namesThing,
  QUERY_ABSENT,
  QUERY_ENDINGS,
  QUERY_OPENINGS,
  QUERY_OPENINGS_THING,
  QUERY_THERE,
} from "./frames";
import { asked, type Wording } from "./mentions";
import { boundWords } from "./noteText";
import type { Concept } from "./types";
import { withTypos } from "./typos";
import type { World } from "./world";

export const MOST_QUERY_WORDS = 10;
const FEWEST_QUERY_WORDS = 3;
/** A situation that starts so needs no comma before it. */
const PREPOSITION = new RegExp(
  "^(after|against|alongside|among|around|as|at|before|besides|between|by|despite|during|for|from|if|in|inside|near|next|of|" +
    "on|out|over|past|since|that|through|to|under|until|up|when|where|while|with|within|without) ",
);

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
  const opening = r.pick(namesThing(parts.topic) ? [...QUERY_OPENINGS, ...QUERY_OPENINGS_THING] : QUERY_OPENINGS);
  const wish = r.next();
  const fits = (text: string) => countWords(text) >= FEWEST_QUERY_WORDS && countWords(text) <= MOST_QUERY_WORDS;
  const opened = opening + core;
  // "Help with my lawn with a bench" has one "with" too many.
  const stumbles = opening.endsWith("with ") && core.includes(" with ");
  if (core.startsWith(parts.topic) && wish < 0.6 && !stumbles && fits(opened)) return opened;
  const ended = core + r.pick(QUERY_ENDINGS);
  if (wish > 0.88 && fits(ended)) return ended;
  if (fits(core)) return core;
  const terse = writeCore(parts, true, r); // starts with the main concept
  return countWords(terse) < FEWEST_QUERY_WORDS ? opening + terse : terse;
}

function partsOf(world: World, facts: readonly number[], w: Wording, r: Random): Parts {
  const parts: Parts = { topic: "", features: [], situations: [], bound: [], negations: [] };
  // The neighbours decide an ambiguous word, so a query of one concept has none, and one of more has another word too.
  const concepts = facts.filter((fact) => world.slots[fact]! < 0).length;
  const clear = { ...w, ambiguous: 0 };
  const voice = concepts > 1 ? w : clear;
  let hasClearWord = false;
  const say = (concept: Concept): string => {
    const words = asked(concept, voice, r);
    if (words !== concept.ambiguous) hasClearWord = true;
    return words;
  };
  for (const number of facts) {
    const fact = world.facts[number]!;
    if (fact.kind === "topic") parts.topic = say(fact.concept);
    else if (fact.kind === "feature") parts.features.push(say(fact.concept));
    else if (fact.kind === "situation") parts.situations.push(say(fact.concept));
    else if (fact.kind === "binding") parts.bound.push(boundWords(world, number));
    else if (fact.kind === "negation")
      parts.negations.push(
        fact.absent ? fill(r.pick(QUERY_ABSENT), { n: fact.noun }) : fill(r.pick(QUERY_THERE), { m: fact.noun }),
      );
  }
  const main = world.facts[facts[0]!]!;
  if (!hasClearWord && main.kind === "topic") parts.topic = asked(main.concept, clear, r);
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
  if (first && style === 2) text = `${first.replace(", ", " and ")} for ${topic}`;
  else if (first && style === 3) text = `${first}, ${topic}`;
  else if (first) text = `${topic}${/ with /.test(topic) ? "," : " with"} ${first}`;
  for (const group of others) text += `, ${group}`;
  const follow = (part: string, comma: boolean) => {
    text += (comma || (part.startsWith("with ") && text.includes(" with ")) ? ", " : " ") + part;
  };
  for (const situation of situations)
    if (style === 4) text = `${situation}: ${text}`;
    else follow(situation, style === 5 || !PREPOSITION.test(situation));
  for (const negation of negations) follow(negation, /^(no|minus) | included$/.test(negation));
  return text;
}
