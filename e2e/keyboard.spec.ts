import { expect, expectResultTable, openLab, runButton, SHORT, test, waitForStatus } from "./fixtures";

const MOST_TABS = 120;

test("with Tab, Enter and Space alone: from the page to the result table, and to the runs", async ({ page }) => {
  await openLab(page, "tiny", SHORT);
  await expect(runButton(page)).toBeEnabled({ timeout: 60_000 });

  const tabTo = async (what: string, arrived: () => Promise<boolean>) => {
    for (let i = 0; i < MOST_TABS; i++) {
      await page.keyboard.press("Tab");
      if (await arrived()) return;
    }
    throw new Error(`${what} was not reached with ${MOST_TABS} Tabs.`);
  };
  const focused = page.locator(":focus");
  const named = (role: "button" | "link" | "region", name: string) => async () =>
    (await focused.and(page.getByRole(role, { name, exact: true })).count()) === 1;

  await tabTo("the skip button", named("button", "Skip to results"));
  await tabTo("Run", named("button", "Run"));
  await expect(focused, "a ring shows where the focus is").not.toHaveCSS("outline-style", "none");
  await page.keyboard.press("Enter");

  // Run's place is taken by Pause: the focus must not fall back to the top of the page unseen.
  await tabTo("Pause", named("button", "Pause"));
  await page.keyboard.press("Space");
  await waitForStatus(page, /Paused/, 30_000);
  await expect(page.getByRole("button", { name: "Resume", exact: true })).toBeFocused();
  await page.keyboard.press("Space");

  await waitForStatus(page, /The run is done/);
  await expectResultTable(page);
  await tabTo("the result table", named("region", "Result table"));
  await tabTo("the skip button", named("button", "Skip to results"));
  await tabTo("Runs", named("link", "Runs"));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("region", { name: "Stored runs" })).toContainText("Done");
});
