/** What a run takes of the GPU's memory is told before it runs, and one that takes too much cannot be started. */
import { expect, expectWebGpu, runButton, test } from "./fixtures";

test("the memory of a run stands by its button, and follows the settings", async ({ page }) => {
  await page.goto("./#/lab?preset=tiny");
  await expectWebGpu(page);
  const told = page.locator(".foot").getByText(/About [\d.]+ MB on the GPU at most, in .+: .+ MB\./);
  await expect(told).toBeVisible();
  await expect(runButton(page)).toBeEnabled();
  const before = await told.textContent();
  await page.goto("./#/lab?preset=tiny&training.batch=128");
  await expect(told).not.toHaveText(before!);
});

test("a run that takes too much cannot be started: the page says what to change", async ({ page }) => {
  await page.goto("./#/lab?preset=quick&training.memoryLimit=40");
  await expectWebGpu(page);
  const refusal = page
    .locator(".foot")
    .getByText(/needs about \d+ MB of GPU memory .* more than the memory limit of 40 MB/);
  await expect(refusal).toBeVisible();
  await expect(refusal).toContainText("Set Pieces of a batch (stage1.pieces) from 1 to");
  await expect(runButton(page)).toBeDisabled();
  await page.goto("./#/lab?preset=quick&training.memoryLimit=40&stage1.pieces=8");
  await expect(runButton(page)).toBeEnabled();
});
