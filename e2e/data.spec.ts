/** The data dialog: an address, the hub, and a table whose columns are chosen. Nothing is trained. */
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { zipSync } from "fflate";
import { writeParquet } from "../src/core/data/parquet.test-helper";
import { expect, openLab, test } from "./fixtures";
import { serveHub } from "./hubServer";

const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const jsonl = (records: readonly object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join("");
const corpus = range(40).map((i) => ({ _id: `d${i}`, title: `Title ${i}`, text: `This is text number ${i}.` }));
const queries = range(40).map((i) => ({ _id: `q${i}`, text: `where is number ${i}` }));
const judged = (from: number, to: number) =>
  range(to - from).map((i) => ({ "query-id": `q${from + i}`, "corpus-id": `d${from + i}`, score: 1 }));
const tsv = (from: number, to: number) =>
  judged(from, to)
    .map((row) => `${Object.values(row).join("\t")}\n`)
    .join("");
const BEIR = {
  "corpus.jsonl": jsonl(corpus),
  "queries.jsonl": jsonl(queries),
  "qrels/train.tsv": tsv(0, 30),
  "qrels/test.tsv": tsv(30, 40),
};
const COUNTS = "40 documents, 27 training, 3 validation and 10 test queries";

const summary = (page: Page) => page.locator(".reading").filter({ hasText: "documents" });
async function openDialog(page: Page, tab: string) {
  await page.getByRole("button", { name: "Data from an address or the hub" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("radio", { name: tab }).click();
  return dialog;
}
async function expectNoViolation(page: Page, what: string) {
  await page.evaluate(() => Promise.all(document.getAnimations().map((a) => a.finished.catch(() => undefined))));
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect
    .soft(
      violations.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.target.join(" "))}`),
      what,
    )
    .toEqual([]);
}

test("by address and from the hub, and what was loaded stays where that fails", async ({ page }) => {
  const zip = zipSync(
    Object.fromEntries(Object.entries(BEIR).map(([p, t]) => [`tiny/${p}`, new TextEncoder().encode(t)])),
  );
  const hub = await serveHub({
    "me/tiny": {
      "README.md": "# Tiny",
      "corpus/corpus-00000-of-00001.parquet": writeParquet([corpus.slice(0, 20), corpus.slice(20)], true),
      "queries/queries-00000-of-00001.parquet": writeParquet([queries]),
      "data/train-00000-of-00001.parquet": writeParquet([judged(0, 30)]),
      "data/test-00000-of-00001.parquet": writeParquet([judged(30, 40)]),
    },
    "me/packed": { "tiny.zip": zip },
  });
  try {
    await openLab(page);
    const dialog = await openDialog(page, "Address");
    await dialog.getByRole("textbox", { name: "Address" }).fill(`${hub.url}/plain/me/packed/tiny.zip`);
    await page.keyboard.press("Enter");
    await expect(dialog).toHaveCount(0);
    await expect(summary(page)).toContainText(`tiny: ${COUNTS}`);
    await expect(summary(page)).toContainText(`From ${hub.url}/plain/me/packed/tiny.zip.`);
    const before = await summary(page).textContent();

    await openDialog(page, "Hub");
    await dialog.getByText("Another hub").click();
    await dialog.getByRole("textbox", { name: "Address of the hub" }).fill(hub.url);
    await dialog.getByRole("textbox", { name: "Dataset" }).fill("me/tiny/more");
    await dialog.getByRole("button", { name: "Fetch" }).click();
    await expect(dialog.getByRole("alert")).toContainText('"me/tiny/more" is no name of a dataset on the hub.');
    expect(await summary(page).textContent()).toBe(before);
    await expectNoViolation(page, "a fault in the dialog");

    await dialog.getByRole("textbox", { name: "Dataset" }).fill("me/tiny@main");
    await dialog.getByRole("button", { name: "Fetch" }).click();
    await expect(dialog).toHaveCount(0);
    await expect(summary(page)).toContainText(`me/tiny: ${COUNTS}`);
    await expect(summary(page)).toContainText(
      "From the hub: me/tiny, commit 89abcdef0123456789abcdef0123456789abcdef.",
    );
    await page.getByText("Read some of it").click();
    await expect(page.locator(".samples")).toContainText("This is text number 0.");
  } finally {
    await hub.close();
  }
});

test("a table's columns are guessed, changed and read; its faults are listed", async ({ page }) => {
  const rows = range(50).map(
    (i) => `${i},"what, then, is ${i}?",This is ${i}.,That is <b>${i}</b>.,${i % 5 === 0 ? 0 : 1}\n`,
  );
  const head = "id,Frage,Antwort,falsch,label\n";
  const table = (text: string) => ({ name: "fragen.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
  await openLab(page);
  // Dropped on the panel: the dialog opens by itself, for no name tells.
  await page.getByLabel("Collection: files").setInputFiles(table(head + rows.join("")));
  const dialog = page.getByRole("dialog");
  const column = (name: string) => dialog.getByRole("button", { name: `Column ${name} is` });
  await expect(column("Frage")).toContainText("query");
  await expect(column("Antwort")).toContainText("positive");
  await expect(column("label")).toContainText("score");
  await expect(dialog.getByRole("table")).toContainText("That is <b>0</b>.");
  await expectNoViolation(page, "columns, light");
  await page.setViewportSize({ width: 390, height: 900 });
  await page.emulateMedia({ colorScheme: "dark" });
  await expectNoViolation(page, "columns, small and dark");
  const box = (await dialog.boundingBox())!;
  expect(box.x >= 0 && box.x + box.width <= 390, "the dialog is inside the page").toBe(true);
  await page.setViewportSize({ width: 1440, height: 900 });

  // By keyboard alone: falsch becomes a negative.
  await column("falsch").focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("option", { name: /^negative/ })).toBeVisible();
  await page.keyboard.type("neg");
  await page.keyboard.press("Enter");
  await expect(column("falsch")).toContainText("negative");
  await dialog.getByRole("button", { name: "Load the table" }).click();
  await expect(dialog).toHaveCount(0);
  await expect(summary(page)).toContainText("fragen: 100 documents");
  await expect(summary(page)).toContainText(
    '50 rows from 1 table: query from "Frage", positive from "Antwort", negative from "falsch"',
  );
  const before = await summary(page).textContent();

  const faulty = rows.map((row, i) => (i < 30 ? row.replace(/[01]\n$/, "high\n") : row));
  await page.getByLabel("Collection: files").setInputFiles(table(`${head}${rows.join("")}${faulty.join("")}`));
  await dialog.getByRole("button", { name: "Load the table" }).click();
  const alert = dialog.getByRole("alert");
  await expect(alert).toContainText("The files have 30 faults.");
  await expect(alert.getByRole("listitem")).toHaveCount(21);
  await expect(alert).toContainText('fragen.csv, line 52, field label: "high" is not a number.');
  await expect(alert).toContainText("... and 10 more.");
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  expect(await summary(page).textContent()).toBe(before);
});

test("WordNet is fetched when it is chosen, and its licence is shown", async ({ page }) => {
  const asked: string[] = [];
  page.on("request", (request) => request.url().includes("/wordnet/") && asked.push(new URL(request.url()).pathname));
  await openLab(page);
  await expect(summary(page)).toBeVisible();
  expect(asked).toEqual([]);
  const dialog = await openDialog(page, "WordNet");
  await expect(dialog).toContainText("BM25 finds 37 % of the 1,948 test definitions");
  await dialog.getByText("WordNet 3.1, © 2011 Princeton University: licence").click();
  await expect(dialog.locator(".license")).toContainText("This software and database is being provided to you");
  await expectNoViolation(page, "WordNet");
  await dialog.getByRole("button", { name: "Use WordNet (1.6 MB)" }).click();
  await expect(summary(page)).toContainText("wordnet-20k: 20,000 documents, 17,539 training", { timeout: 30_000 });
  await expect(page.getByRole("radio", { name: "WordNet" })).toBeChecked();
});
