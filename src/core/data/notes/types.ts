/** The generator's knowledge of its world: concepts with the words askers and writers use for them, by domain. */

/**
 * Something a note can be about. Every form is a phrase that fits its slot as it stands (see the list it is in), so that
 * templates need no grammar.
 */
export interface Concept {
  /** Unique in the whole generator, kebab-case: "sourdough-bread". */
  key: string;
  /** The plain word that both sides know; used by both where the vocabulary gap is 0. */
  name: string;
  /** Three or more ways people ask for it. No content word of `name` or of any `say`. */
  ask: readonly string[];
  /** Three or more ways notes say it. No content word of `name` or of any `ask`. */
  say: readonly string[];
  /**
   * A word that at least one other concept, of this or another domain, may also be called by ("light": a lamp, a short
   * meal). Only the other concepts of the text decide which is meant.
   */
  ambiguous?: string;
}

/** Nouns of which each takes one value of a kind: white walls, oak floor. Any noun goes with any value. */
export interface Binding {
  /** What the values are: "colour", "material". */
  attribute: string;
  /** Three or more plural or mass nouns: "walls", "curtains". */
  nouns: readonly string[];
  /** Four or more adjectives that fit before every noun of the list: "white", "oak". */
  values: readonly string[];
}

export interface Domain {
  /** One word: "cooking". */
  name: string;
  /**
   * About 20. The main concepts. Names, what notes say and ambiguous words follow "my", so they have no article: "sourdough
   * bread". What askers say follows "tips for" and "help with": "warm jacket", "keeping chickens", "a home for newts".
   */
  topics: readonly Concept[];
  /** About 16. Noun phrases that follow "with": "roasted garlic", "a south-facing window". */
  features: readonly Concept[];
  /** About 8. Whole prepositional phrases that end a sentence: "on a small budget", "for two people". */
  situations: readonly Concept[];
  /** Two or more. */
  bindings: readonly Binding[];
  /** Six or more bare nouns of what one may keep or leave out, after "no", "without the", "I kept the": "oven", "sugar". */
  negatables: readonly string[];
  /** Six or more short sentences of domain colour that name no concept: "Took me three tries." */
  fillers: readonly string[];
}
