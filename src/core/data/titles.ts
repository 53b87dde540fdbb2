/**
 * Queries for a corpus that has none, from its titles: a title asks for the text below it. The title is taken off its
 * document, else the equal words give the answer away. Documents of one title are all answers to it.
 */
import { LabError } from "../errors";
import { counted } from "./problems";
import { makeSplits } from "./splits";
import type { Dataset, Doc, Qrels, Query } from "./types";

/**
 * Makes queries, splits and a corpus without the titles.
 *
 * @throws LabError bad-input where fewer than 3 titles differ
 */
export function titlePairs(
  docs: readonly Doc[],
  seed: number,
): Pick<Dataset, "docs" | "train" | "validation" | "test" | "notices"> {
  const queries = new Map<string, Query>();
  const qrels: Qrels = new Map();
  let without = 0;
  for (const { id, title, text } of docs) {
    const asked = title.trim().replace(/\s+/g, " ");
    if (asked === "" || text.trim() === "") {
      without++;
      continue;
    }
    const key = asked.toLowerCase();
    let query = queries.get(key);
    if (!query) {
      query = { id: `title-of:${id}`, text: asked };
      queries.set(key, query);
      qrels.set(query.id, new Map());
    }
    qrels.get(query.id)!.set(id, 1);
  }
  if (queries.size < 3)
    throw new LabError(
      "bad-input",
      `There are no queries, and only ${counted(queries.size, "title")} could serve as one.`,
      "Let sentences of the documents serve as queries, or give the texts headings.",
    );
  const { notices, ...splits } = makeSplits([...queries.values()], { all: qrels }, 1, seed);
  return {
    docs: docs.map((doc) => ({ ...doc, title: "" })),
    ...splits,
    notices: [
      `No queries: ${counted(queries.size, "title")} serve as queries, and the texts below them are the answers.`,
      "Titles are taken off their documents, so that equal words do not give the answer away.",
      ...(without > 0
        ? [`${counted(without, "document")} without a title or a text of its own: searched, never asked for.`]
        : []),
      ...notices,
    ],
  };
}
