/**
 * The loss of query distillation, its terms and its gradient in one dispatch of one workgroup a model; a row has 8 threads or a
 * subgroup (reduce.ts). With
 * s' = s / |s|, t' = t / |t| (1e-12 under the root), c = s' . t', B rows, N = B or, reduced by a mean, B size:
 *
 *   mse = sum |s - t|^2 / N (or of s' and t'),  cosine = mean c,  loss = w0 mse + w1 (1 - cosine)
 *   ds = 2 w0 (s - t) / N - w1 (t' - s' c) / (B |s|);   normalised: 2 w0 (s' c - t') / (N |s|) for the first
 */
import type { Tensor, Tensor2D, TensorInfo } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { dispatch, readBinding, writeBinding } from "../dispatch";
import type { Vector } from "../ops";
import { modelsOf, ofModels, timesEach } from "./models";
import { registerOp } from "./op";
import { type Reduction, reductionOf } from "./reduce";
import { float } from "./wgsl";

export interface QkdSizes {
  models: number;
  /** Of one model, and of the teacher that all share. */
  rows: number;
  size: number;
  mseOn: "raw" | "normalised";
  mseReduce: "mean" | "sum";
}

/** How a row's threads share it: the loop over rows, that over the row's values, and the sums of what they have. */
function sharing({ key, alongRow, rowSum }: Reduction, rows: number, size: number) {
  if (key !== "")
    return {
      memory: "",
      rows: `for (var row = subgroup; row < ${rows}u; row += subgroups)`,
      head: "",
      along: alongRow("e", `${size}u`),
      gather: (name: string, value: string) => `let ${name} = ${rowSum(value)};`,
      once: "lane == 0u",
    };
  const all = Array.from({ length: 8 }, (_, k) => `shared256[base + ${k}u]`).join(" + ");
  return {
    memory: "var<workgroup> shared256: array<vec4f, 256>;",
    // All threads go round as often, for the barriers.
    rows: `for (var start = 0u; start < ${rows}u; start += 32u)`,
    head: `let base = thread & 0xf8u;
    let row = start + thread / 8u;
    let end = select(0u, ${size}u, row < ${rows}u);`,
    along: "for (var e = thread & 7u; e < end; e += 8u)",
    gather: (name: string, value: string) => `shared256[thread] = ${value};
    workgroupBarrier();
    let ${name} = ${all};
    workgroupBarrier();`,
    once: `(thread & 7u) == 0u && row < ${rows}u`,
  };
}

/** Reads student, teacher, weights [models, 2]; writes loss, mse, cosine, ds. */
export function qkdCode({ models, rows, size, mseOn, mseReduce }: QkdSizes, reduction: Reduction): string {
  const count = float(mseReduce === "mean" ? rows * size : rows);
  const raw = mseOn === "raw";
  const row = sharing(reduction, rows, size);
  return `${reduction.enable}${readBinding(0, "array<f32>")}${readBinding(1, "array<f32>")}${readBinding(2, "array<f32>")}
${writeBinding(3, "array<f32>")}${writeBinding(4, "array<f32>")}${writeBinding(5, "array<f32>")}${writeBinding(6, "array<f32>")}
${row.memory}
${reduction.overWorkgroup(256)}
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32${reduction.parameters}) {
  ${reduction.begin}
  let model = ${models === 1 ? "0u" : "group.x"};
  let first = model * ${rows * size}u;
  let weight = vec2f(b2[2u * model], b2[2u * model + 1u]);
  var terms = vec2f(0.0); // mse and cosine of this thread's rows
  ${row.rows} {
    ${row.head}
    let at = row * ${size}u;
    var sums = vec4f(0.0); // s.s, t.t, s.t, |s - t|^2
    ${row.along} {
      let s = b0[first + at + e];
      let t = b1[at + e];
      sums += vec4f(s * s, t * t, s * t, (s - t) * (s - t));
    }
    ${row.gather("all", "sums")}
    let si = 1.0 / sqrt(all.x + 1e-12);
    let ti = 1.0 / sqrt(all.y + 1e-12);
    let cosine = all.z * si * ti;
    var distance = vec4f(0.0);
    ${row.along} {
      let s = b0[first + at + e];
      let t = b1[at + e];
      let d = s * si - t * ti;
      distance.x += d * d;
      let toCosine = -weight.y / ${float(rows)} * si * (t * ti - s * si * cosine);
      ${
        raw
          ? `b6[first + at + e] = 2.0 * weight.x / ${count} * (s - t) + toCosine;`
          : `let own = s * si * all.x * si * si; // s' (s' . s')
      b6[first + at + e] = 2.0 * weight.x / ${count} * si * (d - (own - s * si * cosine)) + toCosine;`
      }
    }
    ${row.gather("far", "distance")}
    if (${row.once}) { terms += vec2f(${raw ? "all.w" : "far.x"}, cosine); }
  }
  let mse = sumOf(thread, terms.x) / ${count};
  let cosine = sumOf(thread, terms.y) / ${float(rows)};
  if (thread == 0u) {
    b3[model] = weight.x * mse + weight.y * (1.0 - cosine);
    b4[model] = mse;
    b5[model] = cosine;
  }
}`;
}

type Attributes = Pick<QkdSizes, "mseOn" | "mseReduce">;

const qkdOp = registerOp<Record<"student" | "teacher" | "weights", TensorInfo>, Attributes>({
  name: "LabQkd",
  saveOutputs: [false, false, false, true],
  run(backend, { student, teacher, weights }, { mseOn, mseReduce }) {
    const models = modelsOf(weights, 1);
    const [rows, size] = teacher.shape as [number, number];
    const reduction = reductionOf(backend);
    const each = { shape: weights.shape.slice(0, -1) };
    return dispatch(
      backend,
      {
        key: `qkd ${ofModels(models)}${rows} ${size} ${mseOn} ${mseReduce}${reduction.key}`,
        workgroups: [models, 1, 1],
        code: () => qkdCode({ models, rows, size, mseOn, mseReduce }, reduction),
      },
      [student, teacher, weights],
      [each, each, each, { shape: student.shape }],
    );
  },
  gradient: ({ dy, saved: [ds], pass }) => ({
    student: () => (pass?.one ? tf.clone(ds!) : timesEach(ds!, dy)),
  }),
});

/**
 * weights[0] * MSE + weights[1] * (1 - cosine) of raw vectors [rows, size]; only the student has a gradient. Of several
 * students, rows one under the other, against the same teacher: weights [models, 2], results [models].
 */
export function qkdKernel(
  student: Tensor2D,
  teacher: Tensor2D,
  weights: Vector,
  options: Attributes,
): { loss: Tensor; terms: { mse: Tensor; cosine: Tensor } } {
  const models = modelsOf(weights, 1);
  if (student.shape[0] !== models * teacher.shape[0] || student.shape[1] !== teacher.shape[1])
    throw new Error(`qkd: student vectors ${student.shape} of ${models} models, teacher vectors ${teacher.shape}`);
  const [loss, mse, cosine] = qkdOp({ student, teacher, weights }, options) as [Tensor, Tensor, Tensor];
  return { loss, terms: { mse, cosine } };
}
