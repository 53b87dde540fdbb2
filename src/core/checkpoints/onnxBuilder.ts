/** An ONNX graph put together node by node: every call adds an operator and answers with the name of what it gives. */
import type { OnnxAttribute, OnnxNode, OnnxTensor } from "../formats/onnx";
import { halfBits } from "../half";
import type { HostTensor } from "../towers/types";

export type OnnxBuilder = ReturnType<typeof onnxBuilder>;

/** @param half weights as half floats, cast to 32 bits where they are read: a runtime does it once, as it loads */
export function onnxBuilder(half: boolean) {
  const nodes: OnnxNode[] = [];
  const constants: OnnxTensor[] = [];
  const held = new Map<string, string>();
  let count = 0;

  /** An operator of one output. */
  const add = (op: string, inputs: readonly string[], attributes?: Record<string, OnnxAttribute>, name?: string) => {
    const output = name ?? `${op.toLowerCase()}_${count++}`;
    nodes.push({ op, inputs, outputs: [output], ...(attributes ? { attributes } : {}) });
    return output;
  };
  const once = (key: string, make: () => string): string => {
    const name = held.get(key) ?? make();
    held.set(key, name);
    return name;
  };
  /** Whole numbers, as a list or as one number of no dimension. */
  const ints = (values: readonly number[] | number): string =>
    once(`ints ${JSON.stringify(values)}`, () => {
      const list = typeof values === "number" ? [values] : values;
      const name = `ints_${count++}`;
      const shape = typeof values === "number" ? [] : [list.length];
      constants.push({ name, type: "int64", shape, data: BigInt64Array.from(list, BigInt) });
      return name;
    });
  const floats = (shape: readonly number[], values: Float32Array): string => {
    const name = `floats_${count++}`;
    constants.push({ name, type: "float32", shape, data: values });
    return name;
  };
  const float = (value: number): string => once(`float ${value}`, () => floats([], Float32Array.of(value)));
  /** A checkpoint's tensor under its name. */
  const weights = (name: string, { shape, values }: HostTensor): string =>
    once(`weights ${name}`, () => {
      if (!half) {
        constants.push({ name, type: "float32", shape, data: values });
        return name;
      }
      constants.push({ name, type: "float16", shape, data: Uint16Array.from(values, halfBits) });
      return add("Cast", [name], { to: 1 });
    });
  /** A matrix [out, in] turned to [in, out], which is how MatMul reads it. */
  const turned = (name: string, { shape, values }: HostTensor): string => {
    const [out, from] = shape as [number, number];
    const data = new Float32Array(values.length);
    for (let o = 0; o < out; o++) for (let i = 0; i < from; i++) data[i * out + o] = values[o * from + i]!;
    return weights(`${name}.T`, { shape: [from, out], values: data });
  };
  return { nodes, constants, add, ints, float, floats, weights, turned };
}
