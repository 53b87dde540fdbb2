/**
 * safetensors: 8 bytes with the header's length (unsigned, little-endian), a JSON header of tensor name -> {dtype, shape,
 * data_offsets [from, to) within the data}, then the data. The checks are those of the reference reader (huggingface/
 * safetensors): offsets must follow one another without a gap or an overlap, agree with dtype and shape, and end where the
 * file ends. Written files are those of the reference writer, byte for byte.
 */
import { z } from "zod";
import { LabError } from "../errors";
import { compareIds } from "../evaluation/order";
import { halfBits, halfValue } from "../half";
import { duplicateKey } from "./duplicateKey";

/** Why a file is refused, by the reference reader's names. */
export type SafetensorsProblem =
  | "HeaderTooSmall"
  | "HeaderTooLarge"
  | "InvalidHeaderLength"
  | "InvalidHeader"
  | "InvalidHeaderDeserialization"
  | "ValidationOverflow"
  | "MisalignedSlice"
  | "InvalidOffset"
  | "TensorInvalidInfo"
  | "MetadataIncompleteBuffer";

/** A file that is not valid safetensors; kind bad-input. */
export class SafetensorsError extends LabError {
  constructor(
    readonly problem: SafetensorsProblem,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(
      "bad-input",
      `The weights cannot be read: ${message}.`,
      "The file is damaged or cut off: fetch it again.",
      options,
    );
  }
}

/** Bits of one value. */
const BITS = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;
export type Dtype = keyof typeof BITS;

/** A tensor as it stands in the file. `data` is a view of the file's bytes, not aligned. */
export interface RawTensor {
  dtype: Dtype;
  shape: number[];
  data: Uint8Array;
}

/** A tensor as this program uses it. */
export interface Tensor {
  shape: number[];
  values: Float32Array;
}

const MAX_HEADER = 100_000_000;
/** The reference counts in 64 bits. */
const TOO_MANY = 2 ** 64;
const size = z.number().nonnegative().refine(Number.isInteger);
const entrySchema = z.object({
  dtype: z.enum(Object.keys(BITS) as [Dtype, ...Dtype[]]),
  shape: z.array(size),
  data_offsets: z.tuple([size, size]),
});
// Not z.record, which drops a key named __proto__.
const object = z.custom<Record<string, unknown>>((x) => typeof x === "object" && x !== null && !Array.isArray(x));
const metadataSchema = object.refine((x): x is Record<string, string> =>
  Object.values(x).every((value) => typeof value === "string"),
);
type Entries = (readonly [string, z.output<typeof entrySchema>])[];

/** A number that JSON.parse takes and the reference does not: -0, 4.0, 1e2, more than 64 bits. Texts are passed over. */
function oddNumber(json: string): string | null {
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g))
    if (
      !token.startsWith('"') &&
      (!/^\d+$/.test(token) || token.length > 20 || (token.length === 20 && BigInt(token) >= 2n ** 64n))
    )
      return token;
  return null;
}

function parseHeader(bytes: Uint8Array, length: number): { metadata: Record<string, string>; entries: Entries } {
  let text: string;
  try {
    // The mark of an encoding is not taken off: JSON does not begin with one.
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, 8 + length));
  } catch (cause) {
    throw new SafetensorsError("InvalidHeader", "the header is not UTF-8", { cause });
  }
  try {
    const header: unknown = JSON.parse(text);
    const twice = duplicateKey(text);
    if (twice !== null)
      throw new SafetensorsError("InvalidHeaderDeserialization", `the header has ${twice.slice(0, 100)} twice`);
    const odd = oddNumber(text);
    if (odd !== null) throw new SafetensorsError("InvalidHeaderDeserialization", `${odd.slice(0, 40)} is not a size`);
    const { __metadata__: metadata, ...tensors } = object.parse(header);
    const entries = Object.entries(tensors).map(([name, entry]) => [name, entrySchema.parse(entry)] as const);
    const given = metadata == null ? {} : metadataSchema.parse(metadata);
    // Half of a character is no text elsewhere.
    for (const part of [...Object.keys(tensors), ...Object.entries(given).flat()])
      if (/\p{Surrogate}/u.test(part))
        throw new SafetensorsError("InvalidHeaderDeserialization", "a name in the header is no text");
    return { metadata: given, entries };
  } catch (cause) {
    if (cause instanceof SafetensorsError) throw cause;
    throw new SafetensorsError("InvalidHeaderDeserialization", "the header is not the JSON it should be", { cause });
  }
}

/** Bytes that dtype and shape take. */
function byteSize(name: string, dtype: Dtype, shape: readonly number[]): number {
  let bits = 1;
  // Step by step, as the reference does: a 0 at the end does not mend what is too large before it.
  for (const n of [...shape, BITS[dtype]]) {
    bits *= n;
    if (bits >= TOO_MANY) throw new SafetensorsError("ValidationOverflow", `the shape of ${name} is too large`);
  }
  if (bits % 8 !== 0) throw new SafetensorsError("MisalignedSlice", `${name} does not fill whole bytes`);
  return bits / 8;
}

/** Where a tensor lies in its file. */
export interface StoredTensor {
  dtype: Dtype;
  shape: number[];
  /** Bytes of the file: from .. to. */
  from: number;
  to: number;
}

/** Bytes of which the file's first 8 say how long the header is. */
const LENGTH = 8;

/**
 * Bytes that the header takes at the beginning of a file.
 *
 * @param start the file's first 8 bytes, or more
 * @param size of the file
 * @throws SafetensorsError where it cannot be
 */
export function headerEnd(start: Uint8Array, size: number): number {
  if (start.length < LENGTH) throw new SafetensorsError("HeaderTooSmall", "the file has fewer than 8 bytes");
  const length = Number(new DataView(start.buffer, start.byteOffset, start.byteLength).getBigUint64(0, true));
  if (length > MAX_HEADER) throw new SafetensorsError("HeaderTooLarge", "the header is longer than 100 MB");
  if (LENGTH + length > size)
    throw new SafetensorsError("InvalidHeaderLength", "the header ends beyond the end of the file");
  return LENGTH + length;
}

/**
 * What a file holds, from its header alone.
 *
 * @param start the file's first bytes, to `headerEnd` at least
 * @param size of the file
 * @throws SafetensorsError where the file is not valid
 */
export function readHeader(
  start: Uint8Array,
  size: number,
): { metadata: Record<string, string>; tensors: Map<string, StoredTensor> } {
  const first = headerEnd(start, size);
  const { metadata, entries } = parseHeader(start, first - LENGTH);
  const tensors = new Map<string, StoredTensor>();
  let at = 0;
  const inOrder = entries.toSorted(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  );
  for (const [
    name,
    {
      dtype,
      shape,
      data_offsets: [from, to],
    },
  ] of inOrder) {
    if (from !== at || to < from)
      throw new SafetensorsError("InvalidOffset", `the data of ${name} does not begin where that before it ends`);
    if (to - from !== byteSize(name, dtype, shape))
      throw new SafetensorsError("TensorInvalidInfo", `the data of ${name} does not have the size of its shape`);
    at = to;
    tensors.set(name, { dtype, shape, from: first + from, to: first + to });
  }
  if (first + at !== size)
    throw new SafetensorsError("MetadataIncompleteBuffer", "the data does not end where the file ends");
  return { metadata, tensors };
}

/**
 * Reads a file of any dtypes without converting them.
 *
 * @throws SafetensorsError where the file is not valid
 */
export function parseSafetensors(bytes: Uint8Array): {
  metadata: Record<string, string>;
  tensors: Map<string, RawTensor>;
} {
  const { metadata, tensors } = readHeader(bytes, bytes.length);
  return {
    metadata,
    tensors: new Map(
      [...tensors].map(([name, { dtype, shape, from, to }]) => [
        name,
        { dtype, shape, data: bytes.subarray(from, to) },
      ]),
    ),
  };
}

/**
 * A tensor's values as 32-bit floats (from F32, F16 or BF16). F32 on an address of its own is not copied.
 *
 * @throws LabError bad-input for another type
 */
export function toFloats(name: string, { dtype, data }: Pick<RawTensor, "dtype" | "data">): Float32Array {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (dtype === "F32") {
    if (data.byteOffset === 0 && data.byteLength === data.buffer.byteLength && data.buffer instanceof ArrayBuffer)
      return new Float32Array(data.buffer);
    // Copied: a view of the file could stand on an odd address.
    const values = new Float32Array(data.length / 4);
    new Uint8Array(values.buffer).set(data);
    return values;
  }
  const values = new Float32Array(data.length / 2);
  if (dtype === "BF16") {
    // The upper half of a 32-bit float.
    const bits = new Uint32Array(values.buffer);
    for (let i = 0; i < values.length; i++) bits[i] = view.getUint16(2 * i, true) << 16;
  } else if (dtype === "F16")
    for (let i = 0; i < values.length; i++) values[i] = halfValue(view.getUint16(2 * i, true));
  else
    throw new LabError(
      "bad-input",
      `The tensor ${name} is of type ${dtype}.`,
      "Only floating-point weights (F32, F16, BF16) can be used: convert the file.",
    );
  return values;
}

/**
 * Reads weights as 32-bit floats (from F32, F16 or BF16).
 *
 * @throws SafetensorsError where the file is not valid; LabError bad-input for a tensor of another type
 */
export function readSafetensors(bytes: Uint8Array): {
  tensors: Map<string, Tensor>;
  metadata: Record<string, string>;
} {
  const { metadata, tensors } = parseSafetensors(bytes);
  return {
    metadata,
    tensors: new Map([...tensors].map(([name, raw]) => [name, { shape: raw.shape, values: toFloats(name, raw) }])),
  };
}

/** In the metadata of weights that transformers is to load: it refuses a file that does not say whose tensors it holds. */
export const PYTORCH = { format: "pt" } as const;

/** Values as the file has them, little-endian as every host that this program runs on. */
const encoded = (values: Float32Array, dtype: "F32" | "F16"): Uint8Array => {
  const out = dtype === "F32" ? values : Uint16Array.from(values, halfBits);
  return new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
};

/**
 * Writes weights, tensors in the order of their names, the header padded with spaces to 8 bytes.
 *
 * @param dtype F16 rounds each value to the nearest half float
 * @throws RangeError where a shape and its number of values disagree, or for a tensor named __metadata__
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, { shape: readonly number[]; values: Float32Array }>,
  metadata: Readonly<Record<string, string>> = {},
  dtype: "F32" | "F16" = "F32",
): Uint8Array {
  const width = dtype === "F32" ? 4 : 2;
  const names = [...tensors.keys()].sort(compareIds);
  // Written piece by piece: an object would move a tensor whose name is a number to the front.
  const fields = Object.keys(metadata).length > 0 ? [`"__metadata__":${JSON.stringify(metadata)}`] : [];
  let end = 0;
  for (const name of names) {
    const { shape, values } = tensors.get(name)!;
    if (name === "__metadata__") throw new RangeError("No tensor may be named __metadata__.");
    if (shape.reduce((product, n) => product * n, 1) !== values.length)
      throw new RangeError(`${name} has ${values.length} values, its shape is [${shape.join(", ")}].`);
    const entry = { dtype, shape, data_offsets: [end, end + width * values.length] };
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    end += width * values.length;
  }
  const json = new TextEncoder().encode(`{${fields.join(",")}}`);
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.fill(0x20, 8, 8 + length);
  bytes.set(json, 8);
  let at = 8 + length;
  for (const name of names) {
    const data = encoded(tensors.get(name)!.values, dtype);
    bytes.set(data, at);
    at += data.byteLength;
  }
  return bytes;
}
