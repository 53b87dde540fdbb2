/** A sweep in the page: put together on the form, cut off by a reload, gone on with, and its table filled. */
import { expect, expectWebGpu, goTo, openLab, runButton, test } from "./fixtures";

const SMALL = {
  "stage1.steps": 4,
  "stage2.steps": 6,
  "training.validateEvery": 6,
  "training.saveEvery": 1,
  "evaluation.bootstrap": 100,
} as const;

test("a two by two ablation is cut off by a reload, goes on and fills the table", async ({ page }) => {
  await openLab(page, "tiny", SMALL);
  await expectWebGpu(page);
  await expect(runButton(page)).toBeEnabled({ timeout: 60_000 });
  await goTo(page, "ablation");
  await page.getByRole("button", { name: "New sweep" }).click();
  await page.getByRole("textbox", { name: "MSE weight" }).fill("0, -1");
  await expect(page.getByText("stage2.mseWeight=-1 is not possible.").first()).toBeVisible();
  await page.getByRole("textbox", { name: "MSE weight" }).fill("0, 20");
  await page.getByRole("textbox", { name: "Cosine weight" }).fill("0.5, 2");
  // A CPU stands in for the GPU here: students go one by one, and the form says why.
  await expect(page.getByText(/^Here they are trained one by one/)).toBeVisible();
  await expect(page.getByText(/^4 trials; [\d.]+ [GM]FLOP/)).toBeVisible();
  await page.getByRole("button", { name: "Start the sweep" }).click();

  const queue = page.getByRole("region", { name: "Trials in the queue" });
  await expect(queue.getByRole("listitem")).toHaveCount(4);
  await expect(queue.getByRole("listitem").filter({ hasText: /done$/ })).not.toHaveCount(0, { timeout: 60_000 });
  await page.reload();

  await expect(page.getByRole("status").filter({ hasText: /Loss weights: cut off/ })).toBeVisible();
  const left = await queue
    .getByRole("listitem")
    .filter({ hasText: /waiting$/ })
    .count();
  expect(left, "trials left after the reload").toBeGreaterThan(0);
  expect(left, "trials left after the reload").toBeLessThan(4);
  await page.getByRole("button", { name: "Go on" }).click();
  await expect(page.getByRole("status").filter({ hasText: /Loss weights: done/ })).toBeVisible({ timeout: 120_000 });

  const table = page.getByRole("region", { name: "Table of configurations" });
  await expect(table.getByRole("button", { name: /^Apply to the Lab/ })).toHaveCount(4);
  await expect(page.getByText("4 configurations, 1 seed")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Towers and vectors" })).toBeVisible();

  // What each term pulled at the end of stage 2, and what the teacher finds that the student does not.
  await expect(page.getByRole("region", { name: "Gradients at the end of the training" })).toContainText(/at the end/);
  // Towers so little trained find next to nothing: entropies differ all the same.
  await page.getByRole("button", { name: /Measure/ }).click();
  await page.getByRole("option", { name: "contrastive entropy, scaled" }).click();
  const pair = page.getByRole("region", { name: /^Both rankings for/ });
  await expect(pair.getByRole("region", { name: "Teacher's first documents" }).getByRole("listitem")).toHaveCount(10);
  const student = pair.getByRole("region", { name: "ScalingNote's first documents" }).getByRole("listitem");
  await expect(student).toHaveCount(10);
  await expect(student.first()).not.toContainText(/^1\s*Document/);
  const losing = page.getByRole("region", { name: "Queries on which ScalingNote loses" });
  const other = losing.getByRole("button").nth(1);
  await other.click();
  await expect(other).toHaveAttribute("aria-pressed", "true");
  await expect(pair.getByRole("heading", { level: 3 })).toHaveText((await other.textContent()) ?? "");
});

test("a scaling run of three sizes lands on the chart, with what three points cannot say", async ({ page }) => {
  await openLab(page, "tiny", { ...SMALL, "stage1.steps": 3 });
  await expectWebGpu(page);
  await expect(runButton(page)).toBeEnabled({ timeout: 60_000 });
  await goTo(page, "scaling");
  await page.getByRole("button", { name: "New sweep" }).click();
  await page.getByRole("textbox", { name: "Teacher width" }).fill("8, 16, 24");
  await page.getByRole("button", { name: "Do not vary Training queries" }).click();
  await page.getByRole("button", { name: /Seeds/ }).click();
  await page.getByRole("option", { name: "1 seed" }).click();
  await expect(page.getByText(/^3 trials; [\d.]+ [GM]FLOP/)).toBeVisible();
  await page.getByRole("button", { name: "Start the sweep" }).click();
  await expect(page.getByRole("status").filter({ hasText: /Teacher size and data: done/ })).toBeVisible({
    timeout: 120_000,
  });
  await expect(page.getByText("3 trials, 1 seed.")).toBeVisible();
  const points = page.getByRole("region", { name: "Table of points" });
  await expect(points.getByRole("rowheader")).toHaveText(["8", "16", "24"]);
  // Two fitted points and three constants: words, not numbers.
  await expect(page.getByText(/Only 2 points: a law with 3 constants/).first()).toBeVisible();
  await expect(page.getByRole("img", { name: /recall@10 against/ })).toBeVisible();
});
