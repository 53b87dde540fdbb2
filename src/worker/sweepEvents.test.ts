import { expect, it } from "vitest";
import type { Job } from "../core/pipeline/sweep/queue";
import type { RunEvent, SweepJob } from "./protocol";
import { sweepTeller } from "./sweepEvents";

it("tells the gradients of what trains, and none of what is over", () => {
  const jobs: SweepJob[] = ["a", "b"].map((key) => ({ key, assignments: {}, seed: 1, status: "waiting" }));
  const heard: RunEvent[] = [];
  const teller = sweepTeller("s", jobs, (event) => heard.push(event));
  const job = (key: string, status: Job["status"]) => ({ key, status }) as Job;
  const metrics = { "recall@10": 0.5, "gradNorm.mse": 2, "gradNorm.cosine": 3 };
  const told = () => {
    teller.status("running"); // at once, whatever the time
    return (heard.at(-1) as Extract<RunEvent, { type: "sweep" }>).norms;
  };
  teller.listener.norms!(job("a", "waiting"), 1, metrics);
  expect(told()).toEqual([]);
  teller.listener.trial(job("a", "running"));
  teller.listener.trial(job("b", "running"));
  teller.listener.norms!(job("a", "running"), 4, { "recall@10": 0.5 });
  expect(told()).toEqual([]);
  teller.listener.norms!(job("a", "running"), 4, metrics);
  teller.listener.norms!(job("b", "running"), 4, metrics);
  teller.listener.norms!(job("a", "running"), 8, { ...metrics, "gradNorm.mse": 1 });
  expect(told()).toEqual([
    { key: "a", step: 8, norms: { mse: 1, cosine: 3 } },
    { key: "b", step: 4, norms: { mse: 2, cosine: 3 } },
  ]);
  teller.listener.trial(job("a", "done"));
  expect(told()).toEqual([{ key: "b", step: 4, norms: { mse: 2, cosine: 3 } }]);
  teller.end("stopped", null);
  expect(heard.at(-1)).toMatchObject({ status: "stopped", norms: [] });
});
