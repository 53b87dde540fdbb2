import {
  contextOptions,
  errorsOf,
  expect,
  goTo,
  openLab,
  reached,
  runButton,
  SHORT,
  startRun,
  test,
  waitForResult,
} from "./fixtures";

test("a second tab is read-only and says so, leaves the run of the first alone, and takes over from it", async ({
  browser,
}, info) => {
  const context = await browser.newContext(contextOptions(info.project.use));
  const first = await context.newPage();
  const errors = errorsOf(first);
  await openLab(first, "tiny", SHORT);
  await startRun(first);
  await reached(first, "stage 1", 1);

  const second = await context.newPage();
  const more = errorsOf(second);
  await openLab(second, "tiny", SHORT);
  await expect(second.getByText("Read only: another tab owns training")).toBeVisible();
  await expect(second.getByText("Another tab of this page owns training", { exact: false }).first()).toBeVisible();
  await expect(runButton(second)).toBeDisabled();
  await goTo(second, "runs");
  const row = second.getByRole("region", { name: "Stored runs" }).getByRole("row").nth(1);
  await expect(row).toContainText("Running");
  await expect(row.getByRole("button", { name: /^Delete/ })).toBeDisabled();
  await expect(row.getByRole("button", { name: "Resume" })).toHaveCount(0);

  await waitForResult(first);
  await goTo(first, "runs");
  await expect(first.getByRole("region", { name: "Stored runs" }).getByRole("row").nth(1)).toContainText("Done");

  await first.close();
  await goTo(second, "lab");
  await expect(runButton(second)).toBeEnabled();
  await expect(second.getByText("Read only")).toHaveCount(0);
  expect([...errors, ...more]).toEqual([]);
  await context.close();
});
