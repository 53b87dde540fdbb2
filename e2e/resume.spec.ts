/** A run whose worker, GPU or page is killed goes on from its last checkpoint, and ends as if nothing had happened. */
import type { Locator, Page } from "@playwright/test";
import {
  contextOptions,
  expect,
  goTo,
  openLab,
  reached,
  runButton,
  saveCurves,
  startRun,
  test,
  waitForResult,
} from "./fixtures";

test("killed three times in different ways, a run is resumed to the end and equals one that was not", async ({
  browser,
  run,
}, info) => {
  const context = await browser.newContext(contextOptions(info.project.use));
  let page = await context.newPage();
  await openLab(page, "tiny");
  await startRun(page);

  await test.step("an error in the worker", async () => {
    await reached(page, "stage 1", 10);
    // A pause saves: there is something to go on from, however fast the steps are.
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await expect(page.getByRole("contentinfo")).toContainText(/Checkpoint at step \d/);
    const worker = page.workers()[0];
    expect(worker, "the worker that trains").toBeDefined();
    await worker?.evaluate(() => {
      setTimeout(() => {
        throw new Error("killed by the test");
      });
    });
    await expect(problem(page)).toContainText(
      "The part of the page that trains has broken down: Uncaught Error: killed",
    );
    await expect(problem(page)).toContainText(/Your work up to step \d+ is saved/);
    await resume(page);
  });

  await test.step("the worker is ended without a word", async () => {
    await reached(page, "ScalingDoc", 25);
    await page.workers()[0]?.evaluate(() => self.close());
    await expect(problem(page)).toContainText("The part of the page that trains has broken down: it was ended");
    await resume(page);
  });

  await test.step("the page crashes and is opened again", async () => {
    await reached(page, "TwinBERT", 25);
    await crash(page);
    page = await context.newPage();
    await openLab(page);
    await expect(problem(page)).toContainText("was interrupted");
    await goTo(page, "runs");
    const row = page.getByRole("region", { name: "Stored runs" }).getByRole("row").nth(1);
    await expect(row).toContainText("Interrupted");
    await expect(resumeButton(row)).toBeEnabled({ timeout: 60_000 });
    await resumeButton(row).click();
  });

  await waitForResult(page);
  expect(await saveCurves(page), "curves of a run that nobody killed").toEqual(run.curves);
  await expectOneRun(page);
  await context.close();
});

const problem = (page: Page) => page.getByRole("main").getByRole("alert");
const resumeButton = (row: Locator) => row.getByRole("button", { name: "Resume" });

async function resume(page: Page): Promise<void> {
  await problem(page).getByRole("button", { name: "Resume from the checkpoint" }).click();
  await expect(page.getByRole("button", { name: "Pause", exact: true })).toBeVisible();
  await expect(problem(page)).toHaveCount(0);
}

async function crash(page: Page): Promise<void> {
  const crashed = page.waitForEvent("crash");
  const cdp = await page.context().newCDPSession(page);
  // It never answers: its page is gone.
  void cdp.send("Page.crash").catch(() => undefined);
  await crashed;
  await page.close();
}

async function expectOneRun(page: Page): Promise<void> {
  await goTo(page, "runs");
  await expect(page.getByRole("region", { name: "Stored runs" }).getByRole("row")).toHaveCount(2);
  await goTo(page, "lab");
  await expect(runButton(page)).toBeEnabled();
}
