import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { madeUpAnswer } from "../../state/fakeClient.test-helper";
import { Column } from "./Column";
import { markWords } from "./marks";

const answer = madeUpAnswer("r", "long train");
const reference = answer.columns[0]!.hits.map((h) => h.id);
const drawn = (system: string) =>
  renderToStaticMarkup(
    <Column
      column={answer.columns.find((c) => c.system === system)!}
      reference={reference}
      slowest={7}
      level={2}
      software={false}
      query={answer.query}
    />,
  );

describe("a column of answers", () => {
  it("shows text of data as text, never as markup", () => {
    expect(drawn("scalingnote")).toContain("overlooking the &lt;b&gt;harbour&lt;/b&gt;");
    expect(drawn("scalingnote")).not.toContain("<b>harbour");
  });
  it("tells moved places to eyes and ears", () => {
    expect(drawn("scalingnote")).toContain("1 place higher than in the teacher&#x27;s");
    expect(drawn("teacher")).not.toContain("the teacher&#x27;s</span>");
  });
  it("underlines for BM25 what it matched", () => {
    expect(drawn("bm25")).toContain("<em>Long</em>");
    expect(drawn("teacher")).not.toContain("<em>");
  });
  it("counts the relevant ones", () => {
    expect(drawn("teacher")).toContain("4 relevant");
  });
});

it("a judgement is called by what it means", () => {
  expect([2, 1, 0, -1, null].map((g) => markWords(g, 2))).toEqual(["relevant", "partly", "irrelevant", "", ""]);
  expect(markWords(1, 1)).toBe("relevant");
});
