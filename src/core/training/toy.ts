/** A small made-up collection for tests: queries and documents name the same things with different words. */
import type { Dataset, Query, Split } from "../data/types";
import { random } from "../random";

/** 24 things, each with a word for askers and one for writers; a document names three, a query two of them. */
export function toyDataset(seed = 1, documents = 120, queries = 160): Dataset {
  const r = random(seed, "toy");
  const things = Array.from({ length: 24 }, (_, i) => ({ ask: `ask${i}`, say: `say${i}` }));
  const truth = Array.from({ length: documents }, () => r.shuffle([...things.keys()]).slice(0, 3));
  const split = (name: string, count: number): Split => {
    const list: Query[] = [];
    const qrels = new Map<string, Map<string, number>>();
    for (let i = 0; i < count; i++) {
      const wanted = r.shuffle([...r.pick(truth)]).slice(0, 2);
      const id = `${name}${i}`;
      list.push({ id, text: wanted.map((t) => things[t]!.ask).join(" with ") });
      const grades = new Map<string, number>();
      truth.forEach((have, d) => {
        const hits = wanted.filter((t) => have.includes(t)).length;
        if (hits > 0) grades.set(`d${d}`, hits);
      });
      qrels.set(id, grades);
    }
    return { queries: list, qrels };
  };
  return {
    name: "toy",
    docs: truth.map((have, d) => ({
      id: `d${d}`,
      title: things[have[0]!]!.say,
      text: have.map((t) => things[t]!.say).join(" and "),
    })),
    train: split("train", queries),
    validation: split("validation", 20),
    test: split("test", 40),
    relevanceLevel: 2,
    notices: [],
  };
}
