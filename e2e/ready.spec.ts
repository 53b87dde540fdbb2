/** A ready-made experiment in the page: found in the list, started with one press, its answer's view opened. */
import { expect, expectWebGpu, goTo, openLab, runButton, test } from "./fixtures";

test("one press starts a ready-made experiment and opens the view of its answer", async ({ page }) => {
  await openLab(page);
  await expectWebGpu(page);
  await expect(runButton(page)).toBeEnabled({ timeout: 60_000 });
  await goTo(page, "scaling");
  await page.getByRole("button", { name: "Ready-made experiments", exact: true }).click();
  const one = page
    .getByRole("region", { name: "Ready-made experiments" })
    .getByRole("listitem")
    .filter({ hasText: "Student sizes, and where distillation collapses" });
  await one.getByText("Student sizes, and where distillation collapses").click();
  await expect(one.getByText(/^8 trials and [\d.]+ TFLOP a seed, 3 seeds/)).toBeVisible();
  await one.getByRole("button", { name: /small$/ }).click();

  await expect(page).toHaveURL(/#\/ablation$/);
  const status = page.getByRole("status").filter({ hasText: /^c: student sizes:/ });
  await expect(status).toHaveText(/24 left/);
  await expect(page.getByRole("region", { name: "Trials in the queue" }).getByRole("listitem")).toHaveCount(24);
  // It is the size of a real experiment: that it goes on to the end is tested with a small sweep.
  await page.getByRole("button", { name: "Stop" }).click();
  await expect(status).toHaveText(/stopped, 24 left/, { timeout: 60_000 });
});
