import { expect, expectWebGpu, test } from "./fixtures";

test("the page opens on the Lab view, without an error, on a browser with WebGPU", async ({ page }) => {
  await page.goto("./");
  await expect(page).toHaveTitle(/ScalingNote Lab/);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expectWebGpu(page);
});
