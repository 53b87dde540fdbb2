/** Broken files: the message names file, line and field, and what was loaded before is still there. */
import { asFolder, type Files } from "./beirFolder";
import { expect, openLab, runButton, test } from "./fixtures";

const ROWS = 30;
const numbers = Array.from({ length: ROWS }, (_, i) => i);
const corpus = numbers.map((i) => JSON.stringify({ _id: `d${i}`, title: `Title ${i}`, text: `Text number ${i}.` }));
const queries = numbers.map((i) => JSON.stringify({ _id: `q${i}`, text: `where is number ${i}` }));
const qrels = ["query-id\tcorpus-id\tscore", ...numbers.map((i) => `q${i}\td${i}\t1`)];

const GOOD: Files = files({});

function files(change: { corpus?: string[]; queries?: string[]; qrels?: string[] }): Files {
  const text = (lines: string[]) => `${lines.join("\n")}\n`;
  return {
    "corpus.jsonl": text(change.corpus ?? corpus),
    "queries.jsonl": text(change.queries ?? queries),
    "qrels/test.tsv": text(change.qrels ?? qrels),
  };
}

const at = (lines: string[], index: number, line: string) => lines.with(index, line);

const BROKEN: { what: string; files: Files; says: RegExp }[] = [
  {
    what: "a line that is not JSON",
    files: files({ corpus: at(corpus, 2, '{"_id": "d2", "text": ') }),
    says: /broken\/corpus\.jsonl, line 3: this is not JSON/,
  },
  {
    what: "a document without an id",
    files: files({ corpus: at(corpus, 4, '{"title": "", "text": "nobody"}') }),
    says: /broken\/corpus\.jsonl, line 5, field _id: it is missing/,
  },
  {
    what: "an id used twice",
    files: files({ corpus: at(corpus, 7, '{"_id": "d1", "title": "", "text": "again"}') }),
    says: /broken\/corpus\.jsonl, line 8, field _id: "d1" was used before, in broken\/corpus\.jsonl, line 2/,
  },
  {
    what: "a query whose text is a number",
    files: files({ queries: at(queries, 1, '{"_id": "q1", "text": 5}') }),
    says: /broken\/queries\.jsonl, line 2, field text: it must be text; here it is a number/,
  },
  {
    what: "negatives that are no list",
    files: files({ queries: at(queries, 1, '{"_id": "q1", "text": "x", "metadata": {"negative_ids": "d3"}}') }),
    says: /broken\/queries\.jsonl, line 2, field metadata\.negative_ids: it must be a list/,
  },
  {
    what: "a score that is no number",
    files: files({ qrels: at(qrels, 3, "q2\td2\tyes") }),
    says: /broken\/qrels\/test\.tsv, line 4, field score: "yes" is not a number/,
  },
  {
    what: "a judgement with two columns",
    files: files({ qrels: at(qrels, 6, "q5\td5") }),
    says: /broken\/qrels\/test\.tsv, line 7: 2 columns; query, document and score are needed/,
  },
  {
    what: "judgements of unknown documents only",
    files: files({ qrels: qrels.map((row) => row.replace("\td", "\tx")) }),
    says: /No judgement is left to use\..*30 judgements.*the document is not in the corpus \("x0"/,
  },
  {
    what: "bytes that are not UTF-8",
    files: { ...GOOD, "corpus.jsonl": Buffer.concat([Buffer.from(`${corpus[0]}\n`), Buffer.from([0xff, 0x41, 0x0a])]) },
    says: /broken\/corpus\.jsonl, line 2: these bytes are not UTF-8 text/,
  },
  {
    what: "UTF-16",
    files: { ...GOOD, "queries.jsonl": Buffer.from(`\ufeff${queries.join("\n")}`, "utf16le") },
    says: /broken\/queries\.jsonl is UTF-16 text, not UTF-8/,
  },
  {
    what: "no corpus",
    files: { "queries.jsonl": GOOD["queries.jsonl"]!, "qrels/test.tsv": GOOD["qrels/test.tsv"]! },
    says: /There is no corpus\.jsonl among the files/,
  },
  {
    what: "a .gz that is cut off",
    files: { ...GOOD, "corpus.jsonl": Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2]) },
    says: /broken\/corpus\.jsonl is not a whole \.gz file/,
  },
];

test("each broken collection is refused with file, line and field; the one before stays", async ({ page }) => {
  await openLab(page);
  const folder = page.getByLabel("Collection: folder");
  const alert = page.getByRole("complementary").getByRole("alert");
  const summary = page.locator(".reading").filter({ hasText: "documents" });
  await folder.setInputFiles(asFolder("good", GOOD));
  await expect(summary).toContainText(`good: ${ROWS} documents`);
  const before = await summary.textContent();
  for (const { what, files, says } of BROKEN) {
    await test.step(what, async () => {
      await folder.setInputFiles(asFolder("broken", files));
      await expect(alert).toContainText(says);
      await expect(alert.getByRole("paragraph")).not.toBeEmpty();
      expect(await summary.textContent()).toBe(before);
      await expect(page.getByRole("radio", { name: "your data" })).toBeChecked();
      await expect(runButton(page)).toBeEnabled({ timeout: 60_000 });
    });
  }
  // A good one takes the message away.
  await folder.setInputFiles(asFolder("better", GOOD));
  await expect(summary).toContainText(`better: ${ROWS} documents`);
  await expect(alert).toHaveCount(0);
});

test("several faults are told together; a judgement of an unknown document is passed over and counted", async ({
  page,
}) => {
  await openLab(page);
  const folder = page.getByLabel("Collection: folder");
  const alert = page.getByRole("complementary").getByRole("alert");
  const faults = files({
    corpus: at(at(corpus, 0, "[]"), 9, '{"_id": "d9"}'),
    qrels: at(qrels, 30, "q29\td29\tmany"),
  });
  await folder.setInputFiles(asFolder("broken", faults));
  await expect(alert).toContainText("The files have 3 faults.");
  await expect(alert).toContainText(
    "broken/corpus.jsonl, line 1: each line must be one JSON object; here it is a list.",
  );
  await expect(alert).toContainText("broken/corpus.jsonl, line 10, field text: it is missing.");
  await expect(alert).toContainText('broken/qrels/test.tsv, line 31, field score: "many" is not a number.');

  await folder.setInputFiles(asFolder("passed", files({ qrels: at(qrels, 1, "q0\tnowhere\t1") })));
  const summary = page.locator(".reading").filter({ hasText: "documents" });
  await expect(summary).toContainText('1 judgement passed over: the document is not in the corpus ("nowhere").');
  await expect(alert).toHaveCount(0);
});

test("text is data: what looks like HTML is shown as text", async ({ page }) => {
  await openLab(page);
  const hostile = '<img src="x" onerror="document.title = 1"><b>bold</b>';
  const changed = files({ corpus: at(corpus, 0, JSON.stringify({ _id: "d0", title: hostile, text: hostile })) });
  await page.getByLabel("Collection: folder").setInputFiles(asFolder("hostile", changed));
  await page.getByText("Read some of it").click();
  await expect(page.locator(".samples")).toContainText(hostile);
  await expect(page.locator(".samples img")).toHaveCount(0);
});
