import { describe, expect, it } from "vitest";
import { planJobs } from "../pipeline/sweep/queue";
import { readSweep } from "../pipeline/sweep/spec";
import { readyExperiment } from ".";

/** Different stages of one seed of a small form. */
async function stagesOf(key: string) {
  const { sweep } = readyExperiment(key).small;
  const collection = () => Promise.reject(new Error("opened"));
  const jobs = await planJobs(readSweep({ ...sweep, seeds: [7] }), { codeVersion: "", collection });
  const count = (part: "teacher" | "scalingnote" | "twinbert") => new Set(jobs.map(({ keys }) => keys[part])).size;
  return { trials: jobs.length, teachers: count("teacher"), students: count("scalingnote"), pairs: count("twinbert") };
}

describe("what a ready-made experiment trains", () => {
  it("(e) one teacher for all students", async () => {
    expect(await stagesOf("e")).toMatchObject({ trials: 7, teachers: 1, students: 7 });
  });
  it("(f) one teacher for all starts", async () => {
    expect(await stagesOf("f")).toMatchObject({ trials: 8, teachers: 1, students: 8 });
  });
  it("(g) nothing for a number of dimensions: two teachers, of each two students", async () => {
    expect(await stagesOf("g")).toMatchObject({ trials: 16, teachers: 2, students: 4 });
  });
  it("(h) nothing for a level of noise, drift or other test domains: only for the domains held out", async () => {
    expect(await stagesOf("h")).toMatchObject({ trials: 22, teachers: 2, students: 4 });
  });
  it("(i) a pair of towers for each depth, with and without twins", async () => {
    expect(await stagesOf("i")).toMatchObject({ trials: 6, pairs: 6 });
  });
});
