/** The shapes of a retrieval collection in memory. Text is data: it is never interpreted as markup. */

/** A document. */
export interface Doc {
  id: string;
  title: string;
  text: string;
}

/** A query. `negatives` are ids of documents known not to be relevant (hard negatives). */
export interface Query {
  id: string;
  text: string;
  negatives?: string[];
}

/** Judgements: query id to document id to grade. 0 = judged not relevant; below 0 = not judged. */
export type Qrels = Map<string, Map<string, number>>;

/** One split: its queries, all of which have at least one judged document. */
export interface Split {
  queries: Query[];
  qrels: Qrels;
  /** By query of generated training data: the facts it asks for, the main one first. */
  needs?: number[][];
}

/** A collection ready for an experiment. */
export interface Dataset {
  /** Short name for the page. */
  name: string;
  docs: Doc[];
  train: Split;
  validation: Split;
  test: Split;
  /** The grade from which a document counts as relevant in recall, MRR and AP, and is a training positive. */
  relevanceLevel: number;
  /** What was decided on the way, in words a person reads ("no validation split: 10 % of the train queries, seed 7"). */
  notices: string[];
}

/** The text a tower reads of a document. */
export function documentText(doc: Doc): string {
  return doc.title ? `${doc.title}. ${doc.text}` : doc.text;
}
