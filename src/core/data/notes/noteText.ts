/** Writes a note: 15 to 30 words in title and body, then perhaps a comment of about ten. */
import type { Random } from "../../random";
import type { Doc } from "../types";
import {
  BINDINGS,
  COMMENT_FEATURE,
  COMMENT_FEATURE_THING,
  COMMENT_LABELS,
  COMMENT_TOPIC,
  COMMENT_TOPIC_THING,
  countWords,
  fill,
  LEAD_FEATURES,
  LEADS,
  namesThing,
  ONE_FEATURE,
  ONE_NEGATION,
  SITUATIONS,
  TITLE_FEATURE,
  TITLE_SITUATION,
  TITLE_TOPIC,
  TWO_FEATURES,
  TWO_NEGATIONS,
} from "./frames";
import { asked, type Wording, written, writtenTwice } from "./mentions";
import type { NotePlan } from "./plan";
import type { Concept } from "./types";
import type { World } from "./world";

export const FEWEST_WORDS = 15;
export const MOST_WORDS = 30;

/** What a note mentions, in the words it uses. */
interface Said {
  /** The main concept, twice. */
  topic: [string, string];
  features: string[];
  situation: string | undefined;
  constraints: string[];
}

/**
 * Words for a plan.
 *
 * @param r decides all words; twins are given equal streams, so that they differ in their constraint alone
 */
export function writeNote(world: World, plan: NotePlan, w: Wording, comments: number, id: string, r: Random): Doc {
  const concept = (fact: number): Concept => {
    const found = world.facts[fact]!;
    if (!("concept" in found)) throw new Error("a concept that is none");
    return found.concept;
  };
  const said: Said = {
    topic: writtenTwice(concept(plan.topic), w, r),
    features: plan.features.map((fact) => written(concept(fact), w, r)),
    situation: plan.situations.map((fact) => written(concept(fact), w, r))[0],
    constraints: [bindingSentence(world, plan, r), negationSentence(world, plan, r)].filter(Boolean),
  };
  const comment = r.chance(comments) ? writeComment(concept(plan.topic), concept(plan.features[0]!), w, r) : "";
  const fillers = world.domains[plan.domain]!.fillers;
  let { title, sentences, words } = compose(said, fillers, false, r);
  for (let tries = 0; tries < 3 && words > MOST_WORDS; tries++)
    ({ title, sentences, words } = compose(said, fillers, tries === 2, r));
  if (comment) sentences.push(comment);
  return { id, title, text: sentences.join(" ") };
}

/** Title and sentences; `terse` takes the shortest frames. At least 15 words, and more than 30 only where they must be. */
function compose(said: Said, fillers: readonly string[], terse: boolean, r: Random) {
  const { title, left } = writeTitle(said, terse, r);
  const lead = writeLead(said.topic[1], left.features, left.situation, terse, r);
  let words = countWords([title, ...lead, ...said.constraints].join(" "));
  const extra: string[] = [];
  const wanted = r.chance(0.6) ? 1 : 0;
  for (const filler of r.shuffle([...fillers])) {
    if (words >= FEWEST_WORDS && extra.length >= wanted) break;
    const more = countWords(filler);
    if (words + more > MOST_WORDS) continue;
    extra.push(filler);
    words += more;
  }
  const orders = [
    [said.constraints, lead, extra],
    [extra, lead, said.constraints],
    [lead, extra, said.constraints],
    [lead, said.constraints, extra],
  ];
  return { title, sentences: r.pick(orders).flat(), words };
}

/** What the title has not said is left for the body. */
function writeTitle({ topic: [x], features, situation }: Said, terse: boolean, r: Random) {
  const [f = "", ...others] = features;
  const kind = r.next();
  if (kind < 0.3) {
    const title = fill(terse ? "{X} with {f}" : r.pick(TITLE_FEATURE), { x, f });
    return { title, left: { features: others, situation } };
  }
  if (kind < 0.55 && situation) {
    const title = fill(terse ? "{X}, {s}" : r.pick(TITLE_SITUATION), { x, s: situation });
    return { title, left: { features, situation: undefined } };
  }
  return { title: fill(terse ? "{X}" : r.pick(TITLE_TOPIC), { x }), left: { features, situation } };
}

/** The sentence that comes back to the main concept, and what is left, in it or in sentences after it. */
function writeLead(x: string, left: readonly string[], situation: string | undefined, terse: boolean, r: Random) {
  const [f = "", g = ""] = r.chance(0.5) ? left : [...left].reverse();
  let first = fill(terse ? "My {x}" : r.pick(LEADS), { x });
  const rest: string[] = [];
  if (f && (terse || r.chance(0.5))) first += (terse ? " with " : r.pick(LEAD_FEATURES)) + (g ? both(f, g) : f);
  else if (f) rest.push(fill(g ? r.pick(TWO_FEATURES) : r.pick(ONE_FEATURE), { f, g, h: both(f, g) }));
  if (situation && (terse || r.chance(0.5))) first += `, ${situation}`;
  else if (situation) rest.push(fill(r.pick(SITUATIONS), { s: situation }));
  return [`${first}.`, ...r.shuffle(rest)];
}

/** "moulds and buckets" has an "and" of its own. */
const both = (f: string, g: string) => (`${f} ${g}`.includes(" and ") ? `${f}, plus ${g}` : `${f} and ${g}`);

function bindingSentence(world: World, plan: NotePlan, r: Random): string {
  if (plan.bindings.length === 0) return "";
  const [a = "", b = "", c] = plan.bindings.map((fact) => boundWords(world, fact));
  const frame = r.pick(BINDINGS);
  if (!c) return fill(frame, { a, b });
  // Three: "red, blue and green" where the frame has the "and", else "red, blue, green" or "red plus blue and green".
  if (/\{a\} and/i.test(frame)) return fill(frame, { a: `${a}, ${b}`, b: c });
  return fill(frame, { a, b: frame.includes(", {b}") ? `${b}, ${c}` : `${b} and ${c}` });
}

/** "white walls". */
export function boundWords(world: World, fact: number): string {
  const found = world.facts[fact]!;
  if (found.kind !== "binding") throw new Error("a binding that is none");
  return `${found.value} ${found.noun}`;
}

function negationSentence(world: World, plan: NotePlan, r: Random): string {
  if (plan.negations.length === 0) return "";
  let n = "";
  let m = "";
  for (const fact of plan.negations) {
    const found = world.facts[fact]!;
    if (found.kind !== "negation") throw new Error("a negation that is none");
    if (found.absent) n = found.noun;
    else m = found.noun;
  }
  if (n && m) return fill(r.pick(TWO_NEGATIONS), { n, m });
  const { absent, there } = r.pick(ONE_NEGATION);
  return fill(n ? absent : there, { n, m });
}

/** A reader's comment, in the words that askers use. */
function writeComment(topic: Concept, feature: Concept, w: Wording, r: Random): string {
  const x = asked(topic, w, r);
  const f = asked(feature, w, r);
  const [topicFrames, featureFrames] = namesThing(x)
    ? [COMMENT_TOPIC_THING, COMMENT_FEATURE_THING]
    : [COMMENT_TOPIC, COMMENT_FEATURE];
  const frame: string = r.chance(0.5) ? r.pick(topicFrames) : r.pick(featureFrames);
  return `${r.pick(COMMENT_LABELS)} ${fill(frame, { x, f })}${frame.endsWith("?") ? "" : "."}`;
}
