/** Writes a note: 15 to 30 words in title and body, then perhaps a comment of about ten. */
import type { Random } from "../../random";
import type { Doc } from "../types";
import {
  BINDINGS,
  COMMENT_FEATURE,
  COMMENT_LABELS,
  COMMENT_TOPIC,
  capital,
  countWords,
  fill,
  LEAD_FEATURES,
  LEADS,
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
/** Words kept free for a negation, so that twins, whose negations differ in length, take the same sentences. */
const NEGATION_WORDS = 6;

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
  const [x, again] = writtenTwice(concept(plan.topic), w, r);
  const features = plan.features.map((fact) => written(concept(fact), w, r));
  const situation = plan.situations.map((fact) => written(concept(fact), w, r))[0];
  const comment = r.chance(comments) ? writeComment(concept(plan.topic), concept(plan.features[0]!), w, r) : "";
  const bindings = bindingSentence(world, plan, r);
  const negations = negationSentence(world, plan, r);
  const negationWords = negations ? NEGATION_WORDS : 0;
  const fillers = r.shuffle([...world.domains[plan.domain]!.fillers]);

  const core = countWords(`${x} ${again} ${features.join(" ")} ${situation ?? ""} ${bindings}`) + negationWords;
  const title = writeTitle(x, features, situation, core > MOST_WORDS - 9, r);
  const lead = writeLead(again, title.features, title.situation, core > MOST_WORDS - 9, r);
  const constraints = [bindings, negations].filter(Boolean);
  const length = countWords(`${title.text} ${lead.join(" ")} ${bindings}`) + negationWords;
  const wanted = length < FEWEST_WORDS ? 2 : r.chance(0.6) ? 1 : 0;
  const extra: string[] = [];
  let words = length;
  for (const filler of fillers) {
    const more = countWords(filler);
    if ((extra.length >= wanted && words >= FEWEST_WORDS) || words + more > MOST_WORDS) continue;
    extra.push(filler);
    words += more;
  }
  const order = r.int(4);
  const sentences =
    order === 0
      ? [...constraints, ...lead, ...extra]
      : order === 1
        ? [...extra, ...lead, ...constraints]
        : order === 2
          ? [...lead, ...extra, ...constraints]
          : [...lead, ...constraints, ...extra];
  if (comment) sentences.push(comment);
  return { id, title: title.text, text: sentences.join(" ") };
}

/** What the title has not said is left for the body. */
function writeTitle(x: string, features: readonly string[], situation: string | undefined, terse: boolean, r: Random) {
  const frame = r.next();
  const topic = r.pick(TITLE_TOPIC);
  const feature = r.pick(TITLE_FEATURE);
  const situated = r.pick(TITLE_SITUATION);
  if (frame < 0.3 && !(terse && features.length < 2))
    return { text: fill(terse ? "{X} with {f}" : feature, { x, f: features[0]! }), features: features.slice(1), situation };
  if (frame < 0.55 && situation)
    return { text: fill(terse ? "{X}, {s}" : situated, { x, s: situation }), features, situation: undefined };
  return { text: fill(terse ? "{X}" : topic, { x }), features, situation };
}

function writeLead(x: string, features: readonly string[], situation: string | undefined, terse: boolean, r: Random) {
  const lead = fill(terse ? "My {x}" : r.pick(LEADS), { x });
  const link = r.pick(LEAD_FEATURES);
  const [f = "", g = ""] = r.chance(0.5) ? features : [...features].reverse();
  const ownSentence = fill(features.length > 1 ? r.pick(TWO_FEATURES) : r.pick(ONE_FEATURE), { f, g });
  const attach = r.chance(0.5) || terse;
  const situated = situation ? fill(terse ? "{S}." : r.pick(SITUATIONS), { s: situation }) : "";
  const attachSituation = r.chance(0.5);
  let first = lead;
  const rest: string[] = [];
  if (features.length > 0 && attach) first += link + (g ? `${f} and ${g}` : f);
  if (situation && attachSituation) first += `, ${situation}`;
  if (features.length > 0 && !attach) rest.push(ownSentence);
  if (situation && !attachSituation) rest.push(situated);
  return [`${first}.`, ...(r.chance(0.5) ? rest : rest.reverse())];
}

function bindingSentence(world: World, plan: NotePlan, r: Random): string {
  if (plan.bindings.length === 0) return "";
  const [a = "", ...others] = plan.bindings.map((fact) => boundWords(world, fact));
  return fill(r.pick(BINDINGS), { a, b: others.join(" and ") });
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
  const frame = r.pick(r.chance(0.5) ? COMMENT_TOPIC : COMMENT_FEATURE);
  return `${r.pick(COMMENT_LABELS)} ${fill(frame, { x, f })}.`;
}

export { capital };
