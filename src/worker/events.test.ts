import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { StageNews } from "../core/pipeline/reporter";
import { eventBatcher } from "./events";
import type { RunEvent } from "./protocol";
import type { RunStore } from "./runStore";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const news = (done: number): StageNews => ({
  name: "stage1",
  status: "running",
  done,
  total: 30,
  seconds: 1,
  facts: {},
});

it("sends at most four times a second, and the last word also when none follows", async () => {
  const told: RunEvent[] = [];
  const runs = { update: async () => {} } as unknown as RunStore;
  const { listener } = eventBatcher("r", (event) => told.push(event), runs);
  const steps = () => told.flatMap((e) => (e.type === "stage" ? [e.stage.done] : []));
  listener.stage(news(0), null); // the first: a stage began
  listener.stage(news(1), null);
  listener.stage(news(2), null);
  expect(steps()).toEqual([0]);
  await vi.advanceTimersByTimeAsync(300);
  expect(steps()).toEqual([0, 2]);
  await vi.advanceTimersByTimeAsync(2000);
  expect(steps()).toEqual([0, 2]);
});
