/**
 * The sentences of notes, comments and queries, with places for what they mention:
 * {x} the main concept, {f} and {g} features, {h} both of them, {s} a situation, {a} and {b} nouns with their values, {n} a
 * noun that is absent, {m} one that is there. A place in capitals starts a sentence.
 *
 * The words of a concept are phrases of unknown number, and only writers' words for a main concept are sure to be without
 * an article ("my" may stand before those); some situations are whole phrases ("on a small budget") and some are loose words
 * ("upcycled"). So no frame has a verb that must agree with a place, and none has a determiner before {f}, {g} or an
 * asker's {x}; but the lists whose names end in THING are only for askers' words that `namesThing` accepts.
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
  "Thoughts on my {x}",
  "Lately: my {x}",
  "{X}, my version",
  "Why I love my {x}",
  "A note on my {x}",
  "Back to my {x}",
  "{X}, an update",
  "All about my {x}",
  "{X}, honestly",
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
  "{X}: it all starts with {f}",
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
  "Worked some more on my {x}",
  "This post is about my {x}",
  "Still proud of my {x}",
  "So, my {x}",
  "Some progress on my {x}",
  "Everyone asks about my {x}",
  "Finally sorted out my {x}",
  "Trying again: my {x}",
  "This is how my {x} turned out",
  "I finally wrote up my {x}",
  "I kept my {x} simple",
  "Yesterday was all about my {x}",
  "More photos of my {x}",
  "You wanted to see my {x}",
  "Very happy about my {x}",
  "Learned a lot from my {x}",
  "Took my time over my {x}",
  "My sister loved my {x}",
  "Let me show you my {x}",
  "A quick look at my {x}",
  "I have a soft spot for my {x}",
  "I was nervous about my {x}",
  "Changed a few things about my {x}",
  "Friends keep asking about my {x}",
  "My neighbour inspired my {x}",
  "Time for my {x}",
] as const;

/** Put between a lead and its features. */
export const LEAD_FEATURES = [
  " with ",
  ", here with ",
  ", now with ",
  ", mostly with ",
  ", again with ",
  ", complete with ",
] as const;

export const ONE_FEATURE = [
  "{F} made the difference.",
  "I went with {f}.",
  "Added {f}.",
  "The trick: {f}.",
  "Three cheers for {f}.",
  "It all started with {f}.",
  "{F} did it for me.",
  "I swear by {f}.",
  "All thanks to {f}.",
  "It helped to have {f}.",
  "Next time I will take {f} again.",
  "I rely on {f}.",
  "I would not do it without {f}.",
  "Worth it for {f} alone.",
] as const;

export const TWO_FEATURES = [
  "{H} made the difference.",
  "I went with {h}.",
  "Added {f}, then {g}.",
  "The trick: {h}.",
  "First {f}, later {g}.",
  "It comes down to {h}.",
  "{F}, then {g}.",
  "I now have {f}, and {g} too.",
  "{F} first, {g} second.",
  "It helped to have {h}.",
  "I swear by {f}, and by {g}.",
  "Three cheers for {f}, and for {g}.",
] as const;

export const SITUATIONS = [
  "{S}.",
  "{S}.",
  "{S}, as always.",
  "All {s}.",
  "{S}, mind you.",
  "All of it {s}.",
  "Even {s}.",
  "Yes, {s}.",
] as const;

/** {a} and {b}: "white walls", "oak floor"; {b} may be two of them. */
export const BINDINGS = [
  "{A} and {b}.",
  "{A}, {b}.",
  "Went for {a} and {b}.",
  "{A} next to {b}.",
  "I chose {a} and {b}.",
  "{A} plus {b}.",
  "Settled on {a} and {b}.",
  "This time {a} and {b}.",
  "Think {a}, {b}.",
  "I picked {a} and {b}.",
] as const;

/** A sentence with the noun absent and one as long with it there: twins take one each. */
export const ONE_NEGATION: readonly { absent: string; there: string }[] = [
  { absent: "No {n}, of course.", there: "With the {m}, of course." },
  { absent: "No {n} at all.", there: "With the {m} after all." },
  { absent: "Done without the {n}.", there: "Done with the {m}." },
  { absent: "Without any {n}.", there: "Including the {m}." },
  { absent: "I left the {n} out.", there: "I left the {m} in." },
  { absent: "I skipped the {n}.", there: "I kept the {m}." },
  { absent: "{N}: not this time.", there: "{M}: yes, this time." },
  { absent: "It works without the {n}.", there: "It works with the {m}." },
  { absent: "Never with the {n}.", there: "Always with the {m}." },
];

/** One noun absent and another there; the same words with the nouns exchanged say the opposite. */
export const TWO_NEGATIONS = [
  "No {n}, but with the {m}.",
  "With the {m}, without the {n}.",
  "Yes to the {m}, no to the {n}.",
  "I skipped the {n} and kept the {m}.",
  "I kept the {m}, not the {n}.",
  "{M} in, {n} out.",
  "No {n}, and the {m} can stay.",
] as const;

export const COMMENT_LABELS = ["Comment:", "Reader:", "Reply:"] as const;

export const COMMENT_TOPIC = [
  "{x}, wow",
  "{x} done right",
  "more {x} posts please",
  "searched for {x}, found you",
  "who else searched for {x}?",
  "typed {x} and landed here, thanks",
  "finally something on {x}",
  "{x}, and it looks so easy",
  "my whole feed is {x} now",
  "any more tips on {x}?",
  "{x}: saved for later",
  "hello from team {x}",
] as const;
export const COMMENT_TOPIC_THING = [
  "love your {x}",
  "your {x}, wow",
  "more of your {x} please",
  "came here for your {x}, thank you",
  "still dreaming of your {x}",
  "needed ideas for my {x}, thanks",
  "searched for {x}, found you",
  "any more tips for my {x}?",
  "saved this for my {x}",
  "finally something on {x}",
  "I wish I had your {x}",
  "your {x} made my day",
] as const;

export const COMMENT_FEATURE = [
  "{x} with {f}, yes please",
  "{x} and {f}, love it",
  "wait, {f}?",
  "{f} for {x}, noted",
  "{x} with {f}, never thought of that",
  "would {f} work for {x} too?",
  "searched for {x} with {f}, found you",
] as const;
export const COMMENT_FEATURE_THING = [
  "your {x} with {f}, yes please",
  "{x} and {f}, love it",
  "wait, {f}?",
  "I will try {f} for my {x}",
  "{x} with {f}, never thought of that",
  "would {f} work for my {x} too?",
  "searched for {x} with {f}, found you",
] as const;

/** Before a query that starts with the main concept. */
export const QUERY_OPENINGS = [
  "ideas for ",
  "tips for ",
  "help with ",
  "any advice on ",
  "beginner tips for ",
  "simple ideas for ",
  "inspiration for ",
  "what about ",
  "who knows about ",
  "any experience with ",
  "questions about ",
  "need ideas for ",
  "everything about ",
] as const;
export const QUERY_OPENINGS_THING = ["looking for ", "searching for ", "show me ", "anyone tried "] as const;

/** After a query without an opening. */
export const QUERY_ENDINGS = [
  " please",
  ", any ideas",
  ", any tips",
  "?",
  ", help please",
  ", where do I start",
] as const;

export const QUERY_ABSENT = [
  "no {n}",
  "without {n}",
  "without the {n}",
  "but no {n}",
  "without any {n}",
  "minus the {n}",
] as const;
export const QUERY_THERE = ["with {m}", "with the {m}", "{m} included", "and {m}", "plus {m}"] as const;

/**
 * Whether an asker's words name a thing that "your" may stand before and that can be looked for: "warm jacket", not "keeping
 * chickens", "a home for newts" or "less TV".
 */
export function namesThing(words: string): boolean {
  return !/^(\p{L}+ing|an?|one|several|something|somewhere|less|fewer|very) /u.test(words);
}

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
