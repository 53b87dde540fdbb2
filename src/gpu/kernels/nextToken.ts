/**
 * Next-token loss with its gradients, in memory that does not grow with the number of positions. With weights w_i:
 *
 *   z = x E^T,   loss = sum_i w_i (log sum_v exp z_iv - z_i,target)
 *   g_iv = w_i (softmax(z_i)_v - [v = target_i]),   dx = g E,   dE = g^T x
 *
 * Logits are by far the largest thing of a small language model (1,024 positions of 4,096 words: 16 MB), so they are made
 * for a block of positions at a time, turned into g where they lie, and let go. A loss is where the way back begins, so the
 * gradients are made with it. (Blocks as in Wijmans et al. 2024, arXiv 2411.09009, which goes on to leave the logits
 * in registers.)
 */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { Tensor, Tensor1D, Tensor2D, TensorInfo } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { dispatch, groupNumber, linearGrid, readBinding, workgroupGrid, writeBinding } from "../dispatch";
import { timesEach } from "./models";
import { freeIntermediates, onTape, registerOp } from "./op";
import { backwardProducts, forwardProduct } from "./product";
import { type Reduction, reductionOf } from "./reduce";
import { threadHead } from "./wgsl";

/** The logits of a block take at most this much memory. */
const BLOCK_BYTES = 32 * 2 ** 20;

/** Positions whose logits are in memory at once. */
export const nextTokenBlock = (positions: number, vocabulary: number, bytes = BLOCK_BYTES): number =>
  Math.max(1, Math.min(positions, Math.floor(bytes / (4 * vocabulary))));

/**
 * Reads targets and weights [positions] from `first` on; makes g of the logits [rows, vocabulary], or leaves them as they
 * are; writes the positions' losses. A workgroup a position.
 */
export function nextTokenCode(
  first: number,
  rows: number,
  vocabulary: number,
  gradients: boolean,
  reduction: Reduction,
): string {
  const logits = gradients ? writeBinding(2, "array<f32>") : readBinding(2, "array<f32>");
  return `${reduction.enable}${readBinding(0, "array<i32>")}${readBinding(1, "array<f32>")}${logits}${writeBinding(3, "array<f32>")}
${reduction.overWorkgroup(64)}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32${reduction.parameters}) {
  ${reduction.begin}
  let row = ${groupNumber("group")};
  if (row >= ${rows}u) { return; }
  let at = row * ${vocabulary}u;
  let target_ = u32(clamp(b0[${first}u + row], 0, ${vocabulary - 1}));
  let weight = b1[${first}u + row];
  var top = -3.0e38;
  for (var v = thread; v < ${vocabulary}u; v += 64u) { top = max(top, b2[at + v]); }
  let most = mostOf(thread, top);
  var sum = 0.0;
  for (var v = thread; v < ${vocabulary}u; v += 64u) { sum += exp(b2[at + v] - most); }
  let lse = most + log(sumOf(thread, sum));
  if (thread == 0u) { b3[${first}u + row] = weight * (lse - b2[at + target_]); }
${
  gradients
    ? `  storageBarrier();
  for (var v = thread; v < ${vocabulary}u; v += 64u) {
    b2[at + v] = weight * (exp(b2[at + v] - lse) - select(0.0, 1.0, v == target_));
  }`
    : ""
}
}`;
}

/** Reads the positions' losses; writes their sum. One workgroup. */
export function lossSumCode(positions: number, reduction: Reduction): string {
  return `${reduction.enable}${readBinding(0, "array<f32>")}${writeBinding(1, "array<f32>")}
${reduction.overWorkgroup(64)}
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) thread: u32${reduction.parameters}) {
  ${reduction.begin}
  var sum = 0.0;
  for (var i = thread; i < ${positions}u; i += 64u) { sum += b0[i]; }
  let all = sumOf(thread, sum);
  if (thread == 0u) { b1[0] = all; }
}`;
}

/** Copies `size` values, or adds them to what is there. */
export function moveCode(from: number, to: number, size: number, add: boolean): string {
  return `${readBinding(0, "array<f32>")}${writeBinding(1, "array<f32>")}
${threadHead(linearGrid(size).index, size)}
  b1[${to}u + i] ${add ? "+=" : "="} b0[${from}u + i];
}`;
}

function move(
  backend: WebGPUBackend,
  source: TensorInfo,
  to: TensorInfo,
  at: [from: number, to: number],
  size: number,
  add = false,
) {
  dispatch(
    backend,
    {
      key: `next-token-move ${at.join(" ")} ${size}${add ? " add" : ""}`,
      workgroups: linearGrid(size).workgroups,
      code: () => moveCode(...at, size, add),
    },
    [source],
    [to],
  );
}

type Inputs = Record<"states" | "table" | "targets" | "weights", TensorInfo>;
interface Attributes {
  gradients: boolean;
  block: number;
}

const nextTokenOp = registerOp<Inputs, Attributes>({
  name: "LabNextToken",
  saveOutputs: [false, true, true],
  run(backend, { states, table, targets, weights }, { gradients, block }) {
    const [positions, width] = states.shape as [number, number];
    const vocabulary = table.shape[0]!;
    const whole = block >= positions;
    const reduction = reductionOf(backend);
    const losses = backend.makeTensorInfo([positions], "float32");
    let dx = gradients && !whole ? backend.makeTensorInfo(states.shape, "float32") : null;
    let dtable: TensorInfo | null = null;
    for (let first = 0; first < positions; first += block) {
      const rows = Math.min(block, positions - first);
      const x = whole ? states : backend.makeTensorInfo([rows, width], "float32");
      if (!whole) move(backend, states, x, [first * width, 0], rows * width);
      const [logits] = forwardProduct(backend, { x, weight: table, ending: "none", keep: false }) as [TensorInfo];
      dispatch(
        backend,
        {
          key: `next-token ${first} ${rows} ${vocabulary}${gradients ? " gradients" : ""}${reduction.key}`,
          workgroups: workgroupGrid(rows),
          code: () => nextTokenCode(first, rows, vocabulary, gradients, reduction),
        },
        gradients ? [targets, weights] : [targets, weights, logits],
        gradients ? [logits, losses] : [losses],
      );
      if (gradients) {
        const made = backwardProducts(backend, {
          dx: { dy: logits, weight: table, after: { kind: "none" } },
          dws: [{ dy: logits, x, of: table.shape, weight: null, bias: null }],
        });
        const dw = made.dws[0]!.dw!;
        if (dx) {
          move(backend, made.dx!, dx, [0, first * width], rows * width);
          freeIntermediates(backend, made.dx!);
        } else dx = made.dx!;
        if (dtable) {
          move(backend, dw, dtable, [0, 0], vocabulary * width, true);
          freeIntermediates(backend, dw);
        } else dtable = dw;
      }
      freeIntermediates(backend, logits, ...(whole ? [] : [x]));
    }
    const [loss] = dispatch(
      backend,
      {
        key: `next-token-sum ${positions}${reduction.key}`,
        workgroups: [1, 1, 1],
        code: () => lossSumCode(positions, reduction),
      },
      [losses],
      [{ shape: [] }],
    ) as [TensorInfo];
    freeIntermediates(backend, losses);
    return dx && dtable ? [loss, dx, dtable] : [loss];
  },
  gradient({ dy, saved, pass }) {
    const scaled = (tensor: Tensor) => (pass?.one ? tf.clone(tensor) : timesEach(tensor, dy));
    return { states: () => scaled(saved[0]!), table: () => scaled(saved[1]!) };
  },
});

/**
 * Weighted sum over the positions of -log softmax(states table^T) at the position's target; see core/objectives/nextToken.
 * states [positions, width], table [vocabulary, width], targets int32 [positions], weights [positions].
 * @param block positions whose logits are in memory at once
 */
export function nextTokenKernels(
  states: Tensor2D,
  table: Tensor2D,
  targets: Tensor1D,
  weights: Tensor1D,
  block = nextTokenBlock(states.shape[0], table.shape[0]),
): Tensor {
  if (targets.size !== states.shape[0] || weights.size !== states.shape[0])
    throw new Error(`nextToken: ${states.shape[0]} states, ${targets.size} targets, ${weights.size} weights`);
  return nextTokenOp({ states, table, targets, weights }, { gradients: onTape(), block })[0]!;
}
