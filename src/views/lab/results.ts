/** What the result table and the lines under it say: pure functions from a result. */

import { LOOKS } from "../../charts/systems";
import { count, plain, share, signed } from "../../charts/words";
import type { Experiment } from "../../core/config/schema";
import type { Figure } from "../../core/evaluation/types";
import type { Comparison, RunResult, Settled, SystemName, SystemResult } from "../../core/formats/result";
import { isCpu } from "../../state/device";

/** "[.02, .07]". */
export function interval(f: Figure): string {
  return f.low === null || f.high === null ? "" : `[${share(f.low)}, ${share(f.high)}]`;
}

/** "ScalingNote minus ScalingDoc +.043 [.020, .070]", and in words whether that says something. */
export function comparisonLine(c: Comparison): { text: string; verdict: string } {
  const { low, high } = c.difference;
  const verdict =
    low === null || high === null
      ? (c.difference.reason ?? "")
      : low > 0
        ? "better beyond chance"
        : high < 0
          ? "worse beyond chance"
          : "no difference that these queries can show";
  return {
    text: `${LOOKS[c.a].label} minus ${LOOKS[c.b].label} ${signed(c.difference.value)} ${interval(c.difference)}`,
    verdict,
  };
}

/** Systems that share the best recall@10 among those whose query tower is as small as the smallest trained one. */
export function bestSmall(systems: readonly SystemResult[]): { names: Set<string>; params: number | null } {
  const trained = systems.filter((s) => s.queryParams > 0);
  if (trained.length === 0) return { names: new Set(), params: null };
  const params = Math.min(...trained.map((s) => s.queryParams));
  const equals = trained.filter((s) => s.queryParams === params);
  const values = equals.map((s) => s.metrics["recall@10"].value ?? -1);
  const best = Math.max(...values);
  if (equals.length < 2 || best < 0) return { names: new Set(), params };
  return { names: new Set(equals.filter((_, i) => values[i] === best).map((s) => s.name)), params };
}

/** "32 × 1, distilled". */
export function specOf(system: SystemName, e: Experiment): string {
  const small = e.student.kind === "lookup" ? "lookup" : `${e.student.width} × ${e.student.layers}`;
  switch (system) {
    case "teacher":
      return `${e.teacher.width} × ${e.teacher.layers}, the ceiling`;
    case "scalingnote":
      return `${small}, distilled`;
    case "scalingdoc":
      return `${small}, end to end`;
    case "twinbert":
      return `${small}, both small`;
    default:
      return "words only";
  }
}

/** Says it where only one of two pairs that could share their weights does; empty where both are alike. */
export function sharingOf({ teacher, baselines }: Experiment): string {
  if (teacher.sharedTowers === baselines.twinbertSharedTowers) return "";
  const [shares, other] = teacher.sharedTowers ? ["The teacher's", "TwinBERT's"] : ["TwinBERT's", "the teacher's"];
  return `${shares} towers share their weights, ${other} do not.`;
}

/** How the run's matrices were multiplied and what was added up together; empty where its record does not say. */
export function engineWords({ engine }: RunResult): string {
  if (!engine) return "";
  const because = (chosen: Settled, measured: string | undefined) =>
    measured ? ` (measured: ${measured})` : chosen === "setting" ? " (as set)" : "";
  const { gflops, reductions } = engine;
  const way = engine.matmul === "registers" ? "by tiles in registers" : "through workgroup memory";
  const products =
    gflops && `${whole(gflops.registers)} GFLOP/s in registers, ${whole(gflops.shared)} through workgroup memory`;
  const multiplied = `Matrices were multiplied ${way}${because(engine.chosen, products)}.`;
  if (!reductions) return multiplied;
  const { by, chosen, gigabytes } = reductions;
  const sums = by === "subgroups" ? "by subgroups" : "through workgroup memory";
  const rows =
    gigabytes && `${whole(gigabytes.shared)} GB/s through workgroup memory, ${whole(gigabytes.subgroups)} by subgroups`;
  return `${multiplied} Norms and sums were made ${sums}${because(chosen, rows)}.`;
}
const whole = (value: number) => plain(Math.round(value));

/** The line under the table. */
export function tableCaption(result: RunResult): string {
  const { params, names } = bestSmall(result.systems);
  const parts = [
    `${count(result.collection.testQueries)} test queries, 95 % bootstrap intervals; parameters without token embeddings; FLOPs a query.`,
  ];
  if (params !== null && names.size > 0)
    parts.push(`Bold: best recall of the query towers with ${count(params)} parameters.`);
  const sharing = sharingOf(result.config);
  if (sharing) parts.push(sharing);
  if (result.adapter.software)
    parts.push(
      `Measured on ${isCpu(result.adapter) ? `the ${result.adapter.description}` : `a CPU that stands in for a GPU (${result.adapter.description})`}: the times in brackets are the end-to-end p50 on that CPU, not latencies.`,
    );
  const engine = engineWords(result);
  if (engine) parts.push(engine);
  if (result.stoppedEarly) parts.push("A training was ended early.");
  const level = result.collection.relevanceLevel;
  parts.push(`Relevant from grade ${plain(level)}.`);
  return parts.join(" ");
}
