import { describe, expect, it } from "vitest";
import { random } from "../core/random";
import { planBuffers, type Request } from "./lifetimes";

const request = (size: number, from: number, to: number, usage = 1): Request => ({ size, usage, from, to });

describe("planBuffers", () => {
  it("lets a small one lie where a large one was, also a large one after a small one", () => {
    const plan = planBuffers([request(4, 0, 1), request(100, 2, 3), request(50, 4, Infinity)]);
    expect(plan.buffers).toEqual([{ size: 100, usage: 1 }]);
    expect(plan.bufferOf).toEqual([0, 0, 0]);
  });

  it("keeps apart what lives at once, and other usages", () => {
    expect(planBuffers([request(4, 0, 2), request(4, 1, 3)]).buffers).toHaveLength(2);
    expect(planBuffers([request(4, 0, 1), request(4, 2, 3, 8)]).buffers).toHaveLength(2);
    expect(planBuffers([])).toEqual({ bufferOf: [], buffers: [] });
  });

  it("never gives one buffer to two at once, and none that is too small", () => {
    const r = random(3, "lifetimes");
    const requests = Array.from({ length: 300 }, () => {
      const from = r.int(1000);
      return request(1 + r.int(500), from, r.chance(0.05) ? Infinity : from + 1 + r.int(60));
    });
    const { bufferOf, buffers } = planBuffers(requests);
    requests.forEach((a, i) => {
      expect(buffers[bufferOf[i]!]!.size).toBeGreaterThanOrEqual(a.size);
      requests.slice(0, i).forEach((b, j) => {
        if (bufferOf[i] === bufferOf[j]) expect(a.to <= b.from || b.to <= a.from).toBe(true);
      });
    });
    // What lives at once bounds it from below.
    const most = Math.max(
      ...requests.map(({ from }) => requests.reduce((sum, x) => sum + (x.from <= from && from < x.to ? x.size : 0), 0)),
    );
    const total = buffers.reduce((sum, buffer) => sum + buffer.size, 0);
    expect(total).toBeGreaterThanOrEqual(most);
    expect(total).toBeLessThan(1.5 * most);
  });
});
