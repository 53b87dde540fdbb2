/** A small collection of the user's, in BEIR form, as the page hands it over: 60 documents, one query each, no splits. */
const numbers = Array.from({ length: 60 }, (_, i) => i);
/** A file of that collection with these lines. */
export const file = (path: string, lines: string[]) => ({
  path: `own/${path}`,
  file: new Blob([`${lines.join("\n")}\n`]),
});

export const files = [
  file(
    "corpus.jsonl",
    numbers.map((i) => JSON.stringify({ _id: `d${i}`, title: "", text: `text ${i}` })),
  ),
  file(
    "queries.jsonl",
    numbers.map((i) => JSON.stringify({ _id: `q${i}`, text: `where is ${i}` })),
  ),
  file(
    "qrels.tsv",
    numbers.map((i) => `q${i}\td${i}\t1`),
  ),
];
