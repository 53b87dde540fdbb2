import { expect, it } from "vitest";
import { fusedOps } from "../../../gpu/fusedOps";
import { useGpu } from "../../../gpu/testGpu";
import { readSafetensors } from "../../formats/safetensors";
import { ABLATION, done, runTestSweep } from "./runSweep.test-helper";

const gpu = useGpu();
const sweep = { ...ABLATION, systems: ["scalingnote" as const] };

it("students are trained side by side as they are trained one by one", async () => {
  const alone = await runTestSweep(gpu(), fusedOps, { sweep });
  const stacked = await runTestSweep(gpu(), fusedOps, { sweep, stack: 8 });
  expect(new Set(stacked.heard.stacks)).toEqual(new Set([4]));
  expect(stacked.records.map(({ key }) => key)).toEqual(alone.records.map(({ key }) => key));
  for (const path of (await alone.store.list("artifacts/scalingnote/")).filter((p) =>
    p.endsWith("model.safetensors"),
  )) {
    const [a, b] = [await alone.store.read(path), await stacked.store.read(path)].map(
      (x) => readSafetensors(x!).tensors,
    );
    for (const [name, { values }] of a!) {
      const other = b!.get(name)!.values;
      const worst = values.reduce((most: number, x: number, i: number) => Math.max(most, Math.abs(x - other[i]!)), 0);
      expect(worst, name).toBeLessThan(1e-4);
    }
  }
  for (const [i, record] of done(stacked.records).entries()) {
    const [one, other] = [record.systems.scalingnote!, done(alone.records)[i]!.systems.scalingnote!];
    expect(one.loss!.loss).toBeCloseTo(other.loss!.loss, 4);
    expect(one.steps).toBe(other.steps);
    for (const [key, value] of Object.entries(other.validation!)) expect(one.validation![key]).toBeCloseTo(value, 3);
    expect(one.entropy!.scaled.value).toBeCloseTo(other.entropy!.scaled.value!, 3);
    expect(one.metrics["ndcg@10"].value).toBeCloseTo(other.metrics["ndcg@10"].value!, 3);
  }
}, 120_000);
