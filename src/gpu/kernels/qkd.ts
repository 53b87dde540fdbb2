/**
 * The loss of query distillation, its terms and its gradient in one dispatch of one workgroup, 8 threads a row. With
 * s' = s / |s|, t' = t / |t| (1e-12 under the root), c = s' . t', B rows, N = B or, reduced by a mean, B size:
 *
 *   mse = sum |s - t|^2 / N (or of s' and t'),  cosine = mean c,  loss = w0 mse + w1 (1 - cosine)
 *   ds = 2 w0 (s - t) / N - w1 (t' - s' c) / (B |s|);   normalised: 2 w0 (s' c - t') / (N |s|) for the first
 */
import type { Scalar, Tensor, Tensor1D, Tensor2D, TensorInfo } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { dispatch, readBinding, writeBinding } from "../dispatch";
import { registerOp } from "./op";
import { float } from "./wgsl";

export interface QkdSizes {
  rows: number;
  size: number;
  mseOn: "raw" | "normalised";
  mseReduce: "mean" | "sum";
}

/** Reads student, teacher, weights [2]; writes loss, mse, cosine, ds. */
export function qkdCode({ rows, size, mseOn, mseReduce }: QkdSizes): string {
  const count = float(mseReduce === "mean" ? rows * size : rows);
  const raw = mseOn === "raw";
  const gathered = Array.from({ length: 8 }, (_, k) => `shared256[base + ${k}u]`).join(" + ");
  return `${readBinding(0, "array<f32>")}${readBinding(1, "array<f32>")}${readBinding(2, "array<f32>")}
${writeBinding(3, "array<f32>")}${writeBinding(4, "array<f32>")}${writeBinding(5, "array<f32>")}${writeBinding(6, "array<f32>")}
var<workgroup> shared256: array<vec4f, 256>;
@compute @workgroup_size(256) fn main(@builtin(local_invocation_index) thread: u32) {
  let base = thread & 0xf8u;
  var terms = vec2f(0.0); // mse and cosine of this thread's rows
  for (var start = 0u; start < ${rows}u; start += 32u) {
    let row = start + thread / 8u;
    let at = row * ${size}u;
    let end = select(0u, ${size}u, row < ${rows}u);
    var sums = vec4f(0.0); // s.s, t.t, s.t, |s - t|^2
    for (var e = thread & 7u; e < end; e += 8u) {
      let s = b0[at + e];
      let t = b1[at + e];
      sums += vec4f(s * s, t * t, s * t, (s - t) * (s - t));
    }
    shared256[thread] = sums;
    workgroupBarrier();
    let all = ${gathered};
    workgroupBarrier();
    let si = 1.0 / sqrt(all.x + 1e-12);
    let ti = 1.0 / sqrt(all.y + 1e-12);
    let cosine = all.z * si * ti;
    var distance = vec4f(0.0);
    for (var e = thread & 7u; e < end; e += 8u) {
      let s = b0[at + e];
      let t = b1[at + e];
      let d = s * si - t * ti;
      distance.x += d * d;
      let toCosine = -b2[1] / ${float(rows)} * si * (t * ti - s * si * cosine);
      ${
        raw
          ? `b6[at + e] = 2.0 * b2[0] / ${count} * (s - t) + toCosine;`
          : `let own = s * si * all.x * si * si; // s' (s' . s')
      b6[at + e] = 2.0 * b2[0] / ${count} * si * (d - (own - s * si * cosine)) + toCosine;`
      }
    }
    shared256[thread] = distance;
    workgroupBarrier();
    let far = ${gathered};
    workgroupBarrier();
    if ((thread & 7u) == 0u && row < ${rows}u) { terms += vec2f(${raw ? "all.w" : "far.x"}, cosine); }
  }
  shared256[thread] = vec4f(terms, 0.0, 0.0);
  for (var half = 128u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) { shared256[thread] += shared256[thread + half]; }
  }
  if (thread == 0u) {
    let mse = shared256[0].x / ${count};
    let cosine = shared256[0].y / ${float(rows)};
    b3[0] = b2[0] * mse + b2[1] * (1.0 - cosine);
    b4[0] = mse;
    b5[0] = cosine;
  }
}`;
}

type Attributes = Pick<QkdSizes, "mseOn" | "mseReduce">;

const qkdOp = registerOp<Record<"student" | "teacher" | "weights", TensorInfo>, Attributes>({
  name: "LabQkd",
  saveOutputs: [false, false, false, true],
  run(backend, { student, teacher, weights }, { mseOn, mseReduce }) {
    const [rows, size] = student.shape as [number, number];
    return dispatch(
      backend,
      {
        key: `qkd ${rows} ${size} ${mseOn} ${mseReduce}`,
        workgroups: [1, 1, 1],
        code: () => qkdCode({ rows, size, mseOn, mseReduce }),
      },
      [student, teacher, weights],
      [{ shape: [] }, { shape: [] }, { shape: [] }, { shape: student.shape }],
    );
  },
  gradient: ({ dy, saved: [ds], pass }) => ({
    student: () => (pass?.one ? tf.clone(ds!) : tf.mul(ds as Tensor, dy)),
  }),
});

/** weights[0] * MSE + weights[1] * (1 - cosine) of raw vectors [rows, size]; only the student has a gradient. */
export function qkdKernel(
  student: Tensor2D,
  teacher: Tensor2D,
  weights: Tensor1D,
  options: Attributes,
): { loss: Scalar; terms: { mse: Scalar; cosine: Scalar } } {
  const [loss, mse, cosine] = qkdOp({ student, teacher, weights }, options) as [Scalar, Scalar, Scalar];
  return { loss, terms: { mse, cosine } };
}
