/** The tiny experiment from Run to the table, and what can be done with it then. One run serves all tests here. */
import { type Curves, expect, expectResultTable, goTo, SYSTEM_NAMES, saveCurves, test } from "./fixtures";
import { watchMainThread } from "./mainThread";

test("the tiny experiment runs to the result table, and every loss falls", async ({ run }) => {
  await expectResultTable(run.page);
  expect(Object.keys(run.curves).sort()).toEqual(["scalingdoc", "scalingnote", "teacher", "twinbert"]);
  for (const [system, { loss = [] }] of Object.entries(run.curves)) {
    const values = loss.map((p) => p.value);
    expect(values.length, `points of ${system}'s loss`).toBeGreaterThanOrEqual(20);
    expect(values.every(Number.isFinite), `${system}'s loss is finite`).toBe(true);
    const quarter = Math.floor(values.length / 4);
    const first = mean(values.slice(0, quarter));
    const last = mean(values.slice(-quarter));
    expect(last, `${system}'s loss, last quarter against the first (${first})`).toBeLessThan(first * 0.8);
  }
});

test("while it trains no task holds the page's main thread for 50 ms of CPU", async ({ run }) => {
  const { tasks, longest } = run.mainThread;
  console.log(`The longest task took ${tasks[0]?.toFixed(1)} ms of CPU: ${longest[0]}`);
  // A trace without tasks would prove nothing.
  expect(tasks.length).toBeGreaterThan(200);
  expect(tasks[0], longest.join("\n")).toBeGreaterThan(0);
  expect(tasks[0], longest.join("\n")).toBeLessThan(50);
});

test("a task of more than 50 ms would be seen", async ({ page }) => {
  await page.goto("./");
  const trace = await watchMainThread(page);
  await page.evaluate(() => {
    setTimeout(() => {
      const until = performance.now() + 400;
      let sum = 0;
      while (performance.now() < until) sum += Math.random();
      document.title = `${sum}`;
    });
  });
  await expect(page).toHaveTitle(/^\d+\.\d+$/);
  expect((await trace.stop()).tasks[0]).toBeGreaterThan(50);
});

test("Search ranks the corpus for a typed query with the five systems", async ({ run }) => {
  const { page } = run;
  await goTo(page, "search");
  await page.getByRole("searchbox", { name: "Query" }).fill("warm walls and a soft carpet for a small room");
  const answers = page.getByRole("region", { name: "Answers", exact: true });
  await expect(answers).toBeVisible({ timeout: 60_000 });
  await expect(answers.getByRole("heading", { level: 2 })).toHaveText([...SYSTEM_NAMES]);
  for (const [i, name] of SYSTEM_NAMES.entries()) {
    const hits = answers.locator(".answer").nth(i).getByRole("listitem");
    // BM25 finds only documents that share a word.
    if (name === "BM25") expect(await hits.count()).toBeGreaterThan(0);
    else await expect(hits).toHaveCount(10);
    const scores = (await hits.locator(".sc").allTextContents()).map((t) => Number.parseFloat(t));
    expect(scores, `${name}'s scores fall`).toEqual([...scores].sort((a, b) => b - a));
  }
  // A test query brings its grades with it.
  await page.locator(".try button").first().click();
  await expect(page.getByRole("status").filter({ hasText: "Answers for" })).toHaveCount(1);
  await expect(answers.locator(".mk").filter({ hasText: "relevant" }).first()).toBeVisible({ timeout: 60_000 });
});

test("a reload keeps the run: listed, and opened again with its curves and its table", async ({ run }) => {
  const { page, name, curves } = run;
  const table = await page.getByRole("region", { name: "Result table" }).textContent();
  await goTo(page, "runs");
  await page.reload();
  const row = page.getByRole("region", { name: "Stored runs" }).getByRole("row").filter({ hasText: name });
  await expect(row).toContainText("Done");
  await row.getByRole("button", { name, exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
  await expectResultTable(page);
  expect(await page.getByRole("region", { name: "Result table" }).textContent()).toBe(table);
  // What the run keeps are the recorded points; what was seen live are the same ones.
  expect(await saveCurves(page)).toEqual(curves satisfies Curves);
  await expect(page.locator("svg.recharts-surface").first()).toBeVisible();
});

const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
