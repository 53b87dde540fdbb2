import { expect, goTo, SHORT, startRun, test, waitForResult } from "./fixtures";
import { builtPage, type StaticServer, serveUnder } from "./static";

let server: StaticServer;

test.beforeAll(async () => {
  server = await serveUnder(builtPage(), "/some/where/lab/");
});

test.afterAll(async () => {
  await server.close();
});

test("under a sub-path of a plain static host, without isolation headers, a run reaches its table", async ({
  page,
}) => {
  const query = new URLSearchParams({ preset: "tiny" });
  for (const [path, value] of Object.entries(SHORT)) query.set(path, String(value));
  await page.goto(`${server.url}#/lab?${query}`);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
  await startRun(page);
  await waitForResult(page);
  await goTo(page, "runs");
  await expect(page.getByRole("region", { name: "Stored runs" })).toContainText("Done");
  await goTo(page, "search");
  await page.getByRole("searchbox", { name: "Query" }).fill("a soft carpet");
  await expect(page.locator(".answer")).toHaveCount(5, { timeout: 60_000 });
  expect(new URL(page.url()).pathname).toBe("/some/where/lab/");
  // A browser asks for it by itself, of the host and not of the page.
  expect(server.missing.filter((path) => path !== "/favicon.ico")).toEqual([]);
});
