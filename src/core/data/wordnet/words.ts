/** What a person should know of the WordNet collection, and its licence. */
import type { WordnetSize } from "./build";

/**
 * How much of the definitions BM25 (retrieval/bm25) finds, measured on all test queries of these very collections; every
 * run on them measures it again, and wordnet.test.ts holds the first one to a sample.
 */
export const BM25_FOUND: Record<WordnetSize, { documents: number; testQueries: number; recallAt10: number }> = {
  "20k": { documents: 20_000, testQueries: 1948, recallAt10: 0.371 },
  all: { documents: 117_791, testQueries: 2002, recallAt10: 0.268 },
};

/** Bytes of the two .zip files, to say so before one is fetched. */
export const DOWNLOAD_BYTES: Record<WordnetSize, number> = { "20k": 1_570_000, all: 6_740_000 };

const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
const many = (n: number) => n.toLocaleString("en-US");

/** Where the figures of this set stand, before anything is trained on it. */
export function wordnetWords(size: WordnetSize): string {
  const { documents, testQueries, recallAt10 } = BM25_FOUND[size];
  return (
    `BM25 finds ${percent(recallAt10)} of the ${many(testQueries)} test definitions in the top 10 of ${many(documents)} entries (measured on these files). ` +
    "Towers trained from scratch on the pairs found about 20 % in the top 10 of 20,000 in an earlier experiment: they learn the training pairs by heart. This set wants a pre-trained tower."
  );
}

/** The collection's files below the page: a .zip for each size, and the licence beside them. */
export const WORDNET_FOLDER = "wordnet";
export const wordnetZip = (size: WordnetSize) => `wordnet-${size}.zip`;
export const WORDNET_LICENSE = "LICENSE.txt";
