/** Attention forward as a shader; its equations are in attention.ts. */
import { linearGrid, readBinding, writeBinding } from "../dispatch";
import {
  type AttentionSizes,
  blocksOf,
  counts,
  dotProduct,
  each,
  guarded,
  head,
  lanes,
  lastToken,
  number,
  numbers,
  ownTokens,
  readCounts,
  seen,
  within,
} from "./attentionShader";
import { laneType, threadHead, unroll } from "./wgsl";

export const threadsForward = (sizes: AttentionSizes): number => sizes.batch * sizes.heads * blocksOf(sizes);
/** Reads q and k, [q, k, v], mask; writes o and, per (batch, head, token), lse. A thread a block of queries. */
export function attentionCode(sizes: AttentionSizes): string {
  const { size, causal, block } = sizes;
  const { batch, blocks } = counts(sizes);
  const type = laneType(lanes(sizes));
  const w = size / lanes(sizes);
  const array = `array<${type}>`;
  const n = numbers(block);
  const seesSome = causal && block > 1;
  return `${readBinding(0, array)}${readBinding(1, array)}${readBinding(2, "array<f32>")}
${writeBinding(3, array)}${writeBinding(4, "array<f32>")}${readCounts(sizes, 5)}
${head(sizes)}
${threadHead(linearGrid(threadsForward(sizes)).index, `${batch} * H * ${blocks}`)}
  ${ownTokens(sizes)}
  let t = (i % ${blocks}) * ${block}u;
  let h = (i / ${blocks}) % H;
  let b = i / (${blocks} * H);
  let base = b * T;
${unroll(
  block,
  (q) => `let at${q} = qAt(base + ${within("t", q, sizes)}, h);
${unroll(w, (k) => `let q${q}_${k} = b0[at${q} + ${k}u] * SCALE;\nvar o${q}_${k} = ${type}(0);`)}`,
)}
  var top = ${n}(-3.0e38); // the largest scores so far; the sums are relative to them
  var sum = ${n}(0.0);
  ${lastToken(`base + ${causal ? `min(t + ${block}u, T)` : "T"}`)}
  for (var row = base; row < end; row++) {
    let key = kAt(row, h / GROUP);
    let value = vAt(row, h / GROUP);
${unroll(w, (k) => `let k${k} = b0[key + ${k}u];`)}
    let scores = ${each(block, (q) =>
      dotProduct(
        w,
        (k) => `q${q}_${k}`,
        (k) => `k${k}`,
      ),
    )};
    let token = isToken(row);
    ${seesSome ? seen(block, (q) => `token & (row <= base + t + ${q}u)`) : "let seen = token;"}
    let z = select(${n}(-3.0e38), scores, seen);
    let next = max(top, z);
    let keep = exp(top - next);
    let p = select(${n}(0.0), exp(z - next), seen);
    sum = sum * keep + p;
    top = next;
${unroll(w, (k) => `let v${k} = b1[value + ${k}u];`)}
${unroll(block, (q) => unroll(w, (k) => `o${q}_${k} = o${q}_${k} * ${number("keep", block, q)} + ${number("p", block, q)} * v${k};`))}
  }
${unroll(block, (q) =>
  guarded(
    "t",
    q,
    sizes,
    `var share = 0.0;
  var lse = 0.0;
  if (${number("sum", block, q)} > 0.0) {
    share = 1.0 / ${number("sum", block, q)};
    lse = ${number("top", block, q)} + log(${number("sum", block, q)});
  }
  let to = oAt(base + t + ${q}u, h);
${unroll(w, (k) => `b3[to + ${k}u] = o${q}_${k} * share;`)}
  b4[(b * H + h) * T + t + ${q}u] = lse;`,
  ),
)}
}`;
}
