/** AdamW where parameters lie in the host's memory: the same update as in adamw.ts, as plain loops. */
import { type Tensor, tensor1d } from "@tensorflow/tfjs-core";
import type { AdamW, AdamWOptions, AdamWParameter } from "./adamw";
import type { Gpu } from "./device";
import { disposeOwn, ownTensor } from "./step";

/**
 * @param models how many the parameters are of: the leading dimension of each where there are several
 * @throws Error naming a parameter that a step leaves without a gradient
 */
export function hostAdamW(
  gpu: Gpu,
  parameters: readonly AdamWParameter[],
  options: AdamWOptions,
  models: number,
): AdamW {
  const size = parameters.reduce((sum, p) => sum + p.tensor.size, 0);
  const moment = () => ownTensor(gpu, { shape: [size], dtype: "float32" });
  const [first, second] = [moment(), moment()];
  const values = (tensor: Tensor) => gpu.heap!(tensor);
  const { beta1, beta2, clip, eps = 1e-8 } = options;
  /** Sums over the pieces of a batch; null where a parameter has had no gradient yet. */
  const sums: (Float32Array | null)[] = parameters.map(() => null);
  const add = (gradients: Record<string, Tensor | null>) => {
    parameters.forEach(({ name }, i) => {
      const gradient = gradients[name];
      if (!gradient) return;
      const sum = sums[i];
      if (sum) for (const [e, g] of values(gradient).entries()) sum[e]! += g;
      else sums[i] = values(gradient).slice() as Float32Array;
    });
  };
  return {
    moments: { m: [first], v: [second] },
    begin() {
      sums.fill(null);
      return new Map();
    },
    add,
    apply(gradients, hyper) {
      add(gradients);
      const found = parameters.map(({ name }, i) => {
        const sum = sums[i];
        if (!sum) throw new Error(`no gradient for ${name}`);
        return sum;
      });
      const norms = Array.from({ length: models }, (_, model) => {
        let squares = 0;
        for (const gradient of found) {
          const own = gradient.length / models;
          for (let e = model * own; e < (model + 1) * own; e++) squares += gradient[e]! * gradient[e]!;
        }
        return Math.sqrt(squares);
      });
      const result = tensor1d(norms);
      // From here on nothing is allocated: views of WebAssembly's memory end where it grows.
      const [m, v] = [values(first), values(second)];
      const rates = values(hyper);
      let at = 0;
      parameters.forEach(({ tensor, rate, decay }, i) => {
        const p = values(tensor);
        const gradient = found[i]!;
        for (let e = 0; e < p.length; e++, at++) {
          const model = Math.floor((e * models) / p.length);
          const scale = clip > 0 ? Math.min(1, clip / Math.max(norms[model]!, 1e-30)) : 1;
          const g = gradient[e]! * scale;
          m[at] = beta1 * m[at]! + (1 - beta1) * g;
          v[at] = beta2 * v[at]! + (1 - beta2) * g * g;
          const [step, c1, c2] = [rates[4 * model + rate]!, rates[4 * model + 2]!, rates[4 * model + 3]!];
          p[e]! -= step * ((m[at]! * c1) / (Math.sqrt(v[at]! * c2) + eps) + decay * p[e]!);
        }
      });
      sums.fill(null);
      return result;
    },
    dispose() {
      for (const tensor of [first, second]) disposeOwn(gpu, tensor);
    },
  };
}
