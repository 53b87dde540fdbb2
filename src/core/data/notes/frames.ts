/**
 * The sentences of notes, comments and queries, with places for what they mention:
 * {x} the main concept, {f} and {g} features, {s} a situation, {a} and {b} nouns with their values, {n} a noun that is
 * absent, {m} one that is there. A place in capitals starts a sentence.
 *
 * The words of a concept are phrases without an article and of unknown number, some situations are whole phrases ("on a
 * small budget") and some are loose words ("thrifty"): so a frame has no verb that must agree with a place, and puts a
 * comma or a full stop before {s}.
 */

export const TITLE_TOPIC = [
  "{X}",
  "{X}",
  "My {x}",
  "My {x}, take two",
  "Notes on my {x}",
  "{X}: how it went",
  "{X}, second attempt",
  "{X}, finally",
  "{X} at last",
  "{X}: the short version",
  "{X}, step by step",
  "{X}: what I learned",
  "Thoughts on {x}",
  "Lately: {x}",
  "{X}, my version",
  "Why I love my {x}",
  "A note on {x}",
  "Back to {x}",
  "{X} diary",
  "Everything about my {x}",
] as const;

export const TITLE_FEATURE = [
  "{X} with {f}",
  "{X} with {f}",
  "My {x} with {f}",
  "{X}, now with {f}",
  "{X} plus {f}",
  "{X}, thanks to {f}",
  "{F} for my {x}",
  "{F} and my {x}",
  "{X}: it starts with {f}",
] as const;

export const TITLE_SITUATION = ["{X}, {s}", "{X}, {s}", "My {x}, {s}", "{S}: {x}", "{S}: my {x}", "{X} ({s})"] as const;

/** The sentence that comes back to the main concept; ", with ..." or ", {s}" may follow. */
export const LEADS = [
  "My {x}",
  "Back to my {x}",
  "More on my {x}",
  "Another go at my {x}",
  "An update on my {x}",
  "Spent an evening on my {x}",
  "Worked on my {x} again",
  "This one is about my {x}",
  "Still proud of my {x}",
  "So, my {x}",
  "Progress on my {x}",
  "Everyone asks about my {x}",
  "Sorted out my {x}",
  "Trying again: my {x}",
  "This is how my {x} turned out",
  "I finally wrote up my {x}",
  "For my {x} I kept it simple",
  "Yesterday I was back at my {x}",
  "Photos of my {x} below",
  "You wanted to see my {x}",
  "Rather pleased with my {x}",
  "Learned a lot from my {x}",
  "Took my time over my {x}",
  "My sister loved my {x}",
] as const;

/** Put between a lead and its features. */
export const LEAD_FEATURES = [
  " with ",
  ", this time with ",
  ", now with ",
  ", mostly ",
  ", using ",
  ", plus ",
] as const;

export const ONE_FEATURE = [
  "{F} made the difference.",
  "I went with {f}.",
  "Added {f}.",
  "The trick: {f}.",
  "Big fan of {f}.",
  "It all started with {f}.",
  "{F} did it for me.",
  "I swear by {f}.",
  "Thank you, {f}.",
  "What helped was {f}.",
  "Next time more {f}.",
  "I rely on {f}.",
] as const;

export const TWO_FEATURES = [
  "{F} and {g} made the difference.",
  "I went with {f} and {g}.",
  "Added {f}, then {g}.",
  "The trick: {f} and {g}.",
  "First {f}, later {g}.",
  "It comes down to {f} and {g}.",
  "{F}, then {g}.",
  "I like {f}, and {g} too.",
  "{F} first, {g} second.",
  "What helped was {f}, also {g}.",
] as const;

export const SITUATIONS = [
  "{S}.",
  "{S}.",
  "{S}, as always.",
  "And {s}.",
  "{S}, mind you.",
  "All this, {s}.",
  "{S}, I promise.",
] as const;

/** {a} and {b}: "white walls", "oak floor"; {b} may be two of them. */
export const BINDINGS = [
  "{A} and {b}.",
  "{A}, {b}.",
  "Went for {a} and {b}.",
  "{A} next to {b}.",
  "I chose {a} and {b}.",
  "{A} here, {b} there.",
  "Settled on {a} and {b}.",
  "This time {a} and {b}.",
  "Think {a}, {b}.",
  "It has {a} and {b}.",
] as const;

/** A sentence with the noun absent and one as long with it there: twins take one each. */
export const ONE_NEGATION: readonly { absent: string; there: string }[] = [
  { absent: "No {n} here.", there: "With the {m}." },
  { absent: "No {n} at all.", there: "With {m} after all." },
  { absent: "Done without the {n}.", there: "Done with the {m}." },
  { absent: "Without any {n}.", there: "Including the {m}." },
  { absent: "I left the {n} out.", there: "I left the {m} in." },
  { absent: "I skipped the {n}.", there: "I kept the {m}." },
  { absent: "{N}: not this time.", there: "{M}: yes, this time." },
  { absent: "Nothing with {n}.", there: "Something with {m}." },
  { absent: "Never with {n}.", there: "Always with {m}." },
];

/** One noun absent and another there; the same words with the nouns exchanged say the opposite. */
export const TWO_NEGATIONS = [
  "No {n}, but with the {m}.",
  "With the {m}, without the {n}.",
  "Yes to the {m}, no to the {n}.",
  "I skipped the {n} and kept the {m}.",
  "I kept the {m}, not the {n}.",
  "{M} in, {n} out.",
  "No {n}. The {m} stays.",
] as const;

export const COMMENT_LABELS = ["Comment:", "Reader:", "Reply:"] as const;

export const COMMENT_TOPIC = [
  "finally good {x}, thanks",
  "was looking for {x}",
  "so, {x}? love it",
  "best {x} I have seen",
  "saved for my {x}",
  "needed ideas for {x}",
  "my kind of {x}",
  "{x}, wow",
  "more {x} please",
  "who else came here for {x}?",
] as const;

export const COMMENT_FEATURE = [
  "{x} with {f}, yes please",
  "was looking for {x} with {f}",
  "{x} and {f}, love it",
  "is that {f}?",
  "stealing the {f} for my {x}",
  "never tried {x} with {f}",
] as const;

/** Before a query that starts with the main concept. */
export const QUERY_OPENINGS = [
  "ideas for ",
  "tips for ",
  "help with ",
  "looking for ",
  "need ",
  "how to do ",
  "any advice on ",
  "where to start with ",
  "how do I start with ",
  "show me ",
  "inspiration for ",
  "want ",
  "what about ",
  "anyone tried ",
  "first time with ",
  "who knows about ",
] as const;

/** After a query without an opening. */
export const QUERY_ENDINGS = [" please", ", ideas", ", any tips", "?", ", help please", ", how"] as const;

export const QUERY_ABSENT = [
  "no {n}",
  "without {n}",
  "without the {n}",
  "but no {n}",
  "not with {n}",
  "minus the {n}",
] as const;
export const QUERY_THERE = ["with {m}", "with the {m}", "{m} included", "and the {m}", "that has {m}"] as const;

/** Puts the words in their places; a place in capitals gets a capital first letter. */
export function fill(frame: string, words: Readonly<Record<string, string>>): string {
  return frame.replace(/\{(\w)\}/g, (_, place: string) => {
    const word = words[place.toLowerCase()] ?? "";
    return place >= "A" && place <= "Z" ? capital(word) : word;
  });
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function countWords(text: string): number {
  let count = 0;
  let inside = false;
  for (let i = 0; i < text.length; i++) {
    const space = text.charCodeAt(i) === 32;
    if (!space && !inside) count++;
    inside = !space;
  }
  return count;
}
