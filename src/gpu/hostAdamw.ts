/** AdamW where parameters lie in the host's memory: the same update as in adamw.ts, as plain loops. */
import { type Tensor, tensor1d } from "@tensorflow/tfjs-core";
import type { AdamW, AdamWOptions, AdamWParameter } from "./adamw";
import type { Gpu } from "./device";
import { disposeOwn, ownTensor } from "./step";

/** @throws Error naming a parameter that a step leaves without a gradient */
export function hostAdamW(gpu: Gpu, parameters: readonly AdamWParameter[], options: AdamWOptions): AdamW {
  const size = parameters.reduce((sum, p) => sum + p.tensor.size, 0);
  const moment = () => ownTensor(gpu, { shape: [size], dtype: "float32" });
  const [first, second] = [moment(), moment()];
  const values = (tensor: Tensor) => gpu.heap!(tensor);
  const { beta1, beta2, clip, eps = 1e-8 } = options;
  return {
    moments: { m: [first], v: [second] },
    begin: () => new Map(),
    apply(gradients, hyper) {
      const found = parameters.map(({ name }) => {
        const gradient = gradients[name];
        if (!gradient) throw new Error(`no gradient for ${name}`);
        return gradient;
      });
      let squares = 0;
      for (const gradient of found) for (const g of values(gradient)) squares += g * g;
      const norm = Math.sqrt(squares);
      const scale = clip > 0 ? Math.min(1, clip / Math.max(norm, 1e-30)) : 1;
      const result = tensor1d([norm]);
      // From here on nothing is allocated: views of WebAssembly's memory end where it grows.
      const [m, v] = [values(first), values(second)];
      const [rate0, rate1, c1, c2] = values(hyper) as Float32Array;
      let at = 0;
      parameters.forEach(({ tensor, rate, decay }, i) => {
        const p = values(tensor);
        const gradient = values(found[i]!);
        const step = (rate === 0 ? rate0 : rate1)!;
        for (let e = 0; e < p.length; e++, at++) {
          const g = gradient[e]! * scale;
          m[at] = beta1 * m[at]! + (1 - beta1) * g;
          v[at] = beta2 * v[at]! + (1 - beta2) * g * g;
          p[e]! -= step * ((m[at]! * c1!) / (Math.sqrt(v[at]! * c2!) + eps) + decay * p[e]!);
        }
      });
      return result;
    },
    dispose() {
      for (const tensor of [first, second]) disposeOwn(gpu, tensor);
    },
  };
}
