/**
 * ONNX models as protobuf. Field numbers and types are those of onnx.proto, IR version 8 (github.com/onnx/onnx): what a
 * graph of float32 and int64 tensors needs of it. The encoding itself is pbf's.
 */
import type { PbfWriter } from "pbf";
import { LabError } from "../errors";

/** TensorProto.DataType. */
const TYPES = { float32: 1, int64: 7, bool: 9, float16: 10 } as const;
export type OnnxType = keyof typeof TYPES;

/** A constant. Values are little-endian and in row-major order, as `raw_data` wants them. */
export interface OnnxTensor {
  name: string;
  type: "float32" | "float16" | "int64";
  shape: readonly number[];
  data: Float32Array | Uint16Array | BigInt64Array;
}

/** Whole numbers are ints, others are told by { float }; the type of an attribute is the operator's to say. */
export type OnnxAttribute = number | readonly number[] | { float: number };

export interface OnnxNode {
  op: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes?: Readonly<Record<string, OnnxAttribute>>;
}

/** An input or output. A dimension with a name may be of any size. */
export interface OnnxValue {
  name: string;
  type: OnnxType;
  shape: readonly (number | string)[];
}

export interface OnnxModel {
  name: string;
  /** Version of the operators' definitions. */
  opset: number;
  inputs: readonly OnnxValue[];
  outputs: readonly OnnxValue[];
  /** Each after those whose outputs it reads. */
  nodes: readonly OnnxNode[];
  constants: readonly OnnxTensor[];
  metadata?: Readonly<Record<string, string>>;
}

/** AttributeProto.AttributeType. */
const FLOAT = 1;
const INT = 2;
const INTS = 7;

/** protobuf reads no message above 2 GiB; the rest of a model is far below this. */
const LARGEST_DATA = 2 ** 31 - 2 ** 24;

function writeTensor({ name, type, shape, data }: OnnxTensor, pbf: PbfWriter): void {
  pbf.writePackedVarint(1, [...shape]); // dims
  pbf.writeVarintField(2, TYPES[type]); // data_type
  pbf.writeStringField(8, name);
  pbf.writeBytesField(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)); // raw_data
}

function writeAttribute([name, value]: [string, OnnxAttribute], pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  if (typeof value === "number") {
    pbf.writeVarintField(3, value); // i
    pbf.writeVarintField(20, INT); // type
  } else if ("float" in value) {
    pbf.writeFloatField(2, value.float); // f
    pbf.writeVarintField(20, FLOAT);
  } else {
    for (const item of value) pbf.writeVarintField(8, item); // ints
    pbf.writeVarintField(20, INTS);
  }
}

function writeNode({ node, name }: { node: OnnxNode; name: string }, pbf: PbfWriter): void {
  for (const input of node.inputs) pbf.writeStringField(1, input);
  for (const output of node.outputs) pbf.writeStringField(2, output);
  pbf.writeStringField(3, name);
  pbf.writeStringField(4, node.op); // op_type
  for (const entry of Object.entries(node.attributes ?? {})) pbf.writeMessage(5, writeAttribute, entry);
}

function writeDimension(dimension: number | string, pbf: PbfWriter): void {
  if (typeof dimension === "number") pbf.writeVarintField(1, dimension);
  else pbf.writeStringField(2, dimension);
}

function writeShape(shape: OnnxValue["shape"], pbf: PbfWriter): void {
  for (const dimension of shape) pbf.writeMessage(1, writeDimension, dimension);
}

function writeTensorType({ type, shape }: OnnxValue, pbf: PbfWriter): void {
  pbf.writeVarintField(1, TYPES[type]); // elem_type
  pbf.writeMessage(2, writeShape, shape);
}

const writeType = (value: OnnxValue, pbf: PbfWriter): void => pbf.writeMessage(1, writeTensorType, value);

function writeValue(value: OnnxValue, pbf: PbfWriter): void {
  pbf.writeStringField(1, value.name);
  pbf.writeMessage(2, writeType, value);
}

function writeGraph({ name, inputs, outputs, nodes, constants }: OnnxModel, pbf: PbfWriter): void {
  for (const [i, node] of nodes.entries()) pbf.writeMessage(1, writeNode, { node, name: `${node.op}_${i}` });
  pbf.writeStringField(2, name);
  for (const tensor of constants) pbf.writeMessage(5, writeTensor, tensor);
  for (const value of inputs) pbf.writeMessage(11, writeValue, value);
  for (const value of outputs) pbf.writeMessage(12, writeValue, value);
}

function writeOpset(version: number, pbf: PbfWriter): void {
  pbf.writeStringField(1, ""); // the domain of ONNX' own operators
  pbf.writeVarintField(2, version);
}

function writeEntry([key, value]: [string, string], pbf: PbfWriter): void {
  pbf.writeStringField(1, key);
  pbf.writeStringField(2, value);
}

/**
 * Writes a model file.
 * @throws LabError bad-setting where it would be larger than the format allows; RangeError where a constant's shape and
 * number of values disagree, or a node reads what nothing before it gives
 */
export async function writeOnnx(model: OnnxModel): Promise<Uint8Array> {
  checkGraph(model);
  const bytes = model.constants.reduce((sum, { data }) => sum + data.byteLength, 0);
  if (bytes > LARGEST_DATA)
    throw new LabError(
      "bad-setting",
      `The model's weights take ${(bytes / 2 ** 30).toFixed(1)} GiB; one ONNX file holds 2 GiB.`,
      "Export it as a folder of safetensors.",
    );
  const { PbfWriter } = await import("pbf");
  // As large as it will be: a writer that grows copies everything each time.
  const pbf = new PbfWriter(new Uint8Array(bytes + 2 ** 16 + 512 * (model.nodes.length + model.constants.length)));
  pbf.writeVarintField(1, 8); // ir_version
  pbf.writeStringField(2, "ScalingNote Lab"); // producer_name
  pbf.writeMessage(7, writeGraph, model);
  pbf.writeMessage(8, writeOpset, model.opset);
  for (const entry of Object.entries(model.metadata ?? {})) pbf.writeMessage(14, writeEntry, entry);
  return pbf.finish();
}

function checkGraph({ inputs, outputs, nodes, constants }: OnnxModel): void {
  for (const { name, shape, data } of constants)
    if (shape.reduce((product, n) => product * n, 1) !== data.length)
      throw new RangeError(`${name} has ${data.length} values, its shape is [${shape.join(", ")}].`);
  const known = new Set([...inputs, ...constants].map(({ name }) => name));
  if (known.size !== inputs.length + constants.length) throw new RangeError("Two values have one name.");
  for (const node of nodes) {
    for (const name of node.inputs)
      if (!known.has(name)) throw new RangeError(`${node.op} reads ${name}, which is not there yet.`);
    for (const name of node.outputs) {
      if (known.has(name)) throw new RangeError(`${name} is given twice.`);
      known.add(name);
    }
  }
  for (const { name } of outputs) if (!known.has(name)) throw new RangeError(`Nothing gives the output ${name}.`);
}
