/**
 * The step on jax-js, compiled by its jit. Gathering the token vectors stands outside of it: version 0.1.25 refuses to
 * compile a gather's gradient ("scatter input is not imm"). Every array is used up by what it is given to; `ref` keeps it.
 */
import { defaultDevice, init, jit, type Array as NdArray, nn, numpy as np, tree, valueAndGrad, vjp } from "@jax-js/jax";
import type { BenchProblem, BenchSide } from "../../core/pipeline/benchProblem";
import { RMS_EPS } from "../../core/towers/config";
import { ADAM, type OpenPeer, type PeerTower, peerTower } from "./peer";

type Tower = PeerTower<NdArray>;
type Body = Omit<Tower, "words">;
type Both<T> = { query: T; document: T };

const rmsNorm = (x: NdArray, gain: NdArray): NdArray =>
  x.ref.mul(np.reciprocal(np.sqrt(np.mean(np.square(x), -1, { keepdims: true }).add(RMS_EPS)))).mul(gain);
const linear = (x: NdArray, weight: NdArray): NdArray => np.matmul(x, np.transpose(weight));

function encode(
  { width, heads, batch }: BenchProblem,
  tower: Body,
  words: NdArray,
  mask: NdArray,
  tokens: number,
): NdArray {
  const rows = [batch * tokens, width];
  const split = (x: NdArray) => np.transpose(x.reshape([batch, tokens, heads, width / heads]), [0, 2, 1, 3]);
  let x = words.reshape([batch, tokens, width]).add(tower.positions).reshape(rows);
  for (const layer of tower.layers) {
    const y = rmsNorm(x.ref, layer.norm1);
    const [q, k] = [split(linear(y.ref, layer.query)), split(linear(y.ref, layer.key))];
    const v = split(linear(y, layer.value));
    const bias = mask.ref.sub(1).mul(1e9).reshape([batch, 1, 1, tokens]);
    const scores = np.matmul(q, np.transpose(k, [0, 1, 3, 2])).mul((width / heads) ** -0.5);
    const mixed = np.matmul(nn.softmax(scores.add(bias), -1), v);
    x = x.add(linear(np.transpose(mixed, [0, 2, 1, 3]).reshape(rows), layer.output));
    const hidden = nn.gelu(linear(rmsNorm(x.ref, layer.norm2), layer.up), { approximate: false });
    x = x.add(linear(hidden, layer.down));
  }
  const at = mask.reshape([batch, tokens, 1]);
  const sum = np.sum(rmsNorm(x, tower.norm).reshape([batch, tokens, width]).mul(at.ref), 1);
  const pooled = sum.div(np.sum(at, 1));
  return pooled.ref.div(np.sqrt(np.sum(np.square(pooled), -1, { keepdims: true }).add(1e-12)));
}

/** @param device "webgpu" or "wasm" */
export const openJax =
  (device: "webgpu" | "wasm"): OpenPeer =>
  async (problem) => {
    if (!(await init()).includes(device)) throw new Error(`jax-js has no ${device} here`);
    const { batch, temperature, learningRate } = problem;
    const sides = { query: problem.query, document: problem.document };
    const lossOf = (towers: Both<Body>, words: Both<NdArray>, masks: Both<NdArray>): NdArray => {
      const side = (name: keyof Both<unknown>) =>
        encode(problem, towers[name], words[name], masks[name], sides[name].tokens);
      const scores = np.matmul(side("query"), np.transpose(side("document"))).mul(1 / temperature);
      return np.sum(nn.logSoftmax(scores, -1).mul(np.eye(batch))).mul(-1 / batch);
    };
    const gradients = jit((towers: Both<Body>, words: Both<NdArray>, masks: Both<NdArray>) => {
      const [loss, gradient] = valueAndGrad((all: { towers: Both<Body>; words: Both<NdArray> }) =>
        lossOf(all.towers, all.words, masks),
      )({ towers, words });
      return { loss, gradient };
    });
    const update = jit((parameters: Both<Tower>, m: Both<Tower>, v: Both<Tower>, t: NdArray, g: Both<Tower>) => {
      const [c1, c2] = [np.subtract(1, np.power(ADAM.beta1, t.ref)), np.subtract(1, np.power(ADAM.beta2, t))];
      const m2 = tree.map((a: NdArray, b: NdArray) => a.mul(ADAM.beta1).add(b.mul(1 - ADAM.beta1)), m, tree.ref(g));
      const v2 = tree.map((a: NdArray, b: NdArray) => a.mul(ADAM.beta2).add(np.square(b).mul(1 - ADAM.beta2)), v, g);
      const next = tree.map(
        (p: NdArray, a: NdArray, b: NdArray) =>
          p.sub(
            a
              .div(c1.ref)
              .mul(learningRate)
              .div(np.sqrt(b.div(c2.ref)).add(ADAM.epsilon)),
          ),
        parameters,
        tree.ref(m2),
        tree.ref(v2),
      );
      c1.dispose();
      c2.dispose();
      return { parameters: next, m: m2, v: v2 };
    });

    defaultDevice(device);
    const array = (shape: number[], values: Float32Array) => np.array(values).reshape(shape);
    const tower = (side: BenchSide) => peerTower(side, problem.layers, array);
    let parameters: Both<Tower> = { query: tower(sides.query), document: tower(sides.document) };
    const zeros = () => tree.map((x: NdArray) => np.zeros(x.shape), parameters);
    let [m, v] = [zeros(), zeros()];
    const body = ({ words: _, ...rest }: Tower): Body => rest;

    return {
      name: `jax-js ${device}`,
      where: device === "wasm" ? "CPU (WebAssembly)" : "WebGPU",
      async step(number) {
        const start = performance.now();
        defaultDevice(device);
        const gathered = (name: keyof Both<unknown>) => {
          const side = sides[name];
          const { ids, mask } = side.inputs(number);
          const places = np.array(ids, { dtype: np.int32 });
          const [words, back] = vjp((table: NdArray) => np.take(table, places, 0), [parameters[name].words.ref]);
          return { words, back, mask: array([batch, side.tokens], mask) };
        };
        const [q, d] = [gathered("query"), gathered("document")];
        const { loss, gradient } = gradients(
          tree.ref({ query: body(parameters.query), document: body(parameters.document) }),
          { query: q.words, document: d.words },
          { query: q.mask, document: d.mask },
        );
        const [[gq], [gd]] = [q.back(gradient.words.query), d.back(gradient.words.document)];
        ({ parameters, m, v } = update(parameters, m, v, np.array(number), {
          // In the order of the parameters: leaves are paired by it.
          query: { words: gq!, ...gradient.towers.query },
          document: { words: gd!, ...gradient.towers.document },
        }));
        q.back.dispose();
        d.back.dispose();
        const [value] = await loss.data();
        // The loss alone would be there before the update is.
        await parameters.query.norm.blockUntilReady();
        await parameters.document.words.blockUntilReady();
        return { loss: value!, ms: performance.now() - start };
      },
      dispose() {
        for (const all of [parameters, m, v]) tree.dispose(all);
      },
    };
  };
