/** What a search answers: types only. */
import type { SystemName } from "../core/formats/result";

export interface SearchHit {
  id: string;
  title: string;
  text: string;
  score: number;
  /** The grade of a judged document, where the query is a test query. */
  grade: number | null;
}

export interface SearchColumn {
  system: SystemName;
  hits: SearchHit[];
  /** Milliseconds of the two parts of the answer; null for a part that does not exist (BM25 encodes nothing). */
  encodeMs: number | null;
  searchMs: number;
}

export interface SearchAnswer {
  runId: string;
  query: string;
  /** Set where the text is exactly a test query. */
  queryId: string | null;
  documents: number;
  columns: SearchColumn[];
}
