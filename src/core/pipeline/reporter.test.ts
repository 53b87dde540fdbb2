import { expect, it } from "vitest";
import { createReporter, type StageNews } from "./reporter";

it("a resumed stage goes on counting from the seconds it had taken", () => {
  const news: StageNews[] = [];
  const reporter = createReporter({ stage: (stage) => news.push(stage), points: () => {}, saved: () => {} });
  reporter.begin("stage1", 80, 40);
  reporter.progress("stage1", 24);
  const last = news.at(-1)!;
  expect(last).toMatchObject({ name: "stage1", status: "running", done: 24 });
  expect(last.seconds).toBeGreaterThanOrEqual(40);
  expect(last.seconds).toBeLessThan(60);
  // Another stage begins at nothing.
  reporter.begin("index", 10);
  expect(news.at(-1)!.seconds).toBeLessThan(20);
});
