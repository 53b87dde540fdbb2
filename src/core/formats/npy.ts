/**
 * NumPy's .npy (numpy.lib.format): the bytes \x93NUMPY, a version, the header's length (2 bytes little-endian in version 1,
 * 4 in versions 2 and 3), a header that is a Python dict of descr, fortran_order and shape, then the values. Here
 * little-endian float32, float16 and int32 in C order, which is what vectors and places in a corpus need.
 */
import { LabError } from "../errors";
import { halfBits, halfValue } from "../half";

export type NpyType = "float32" | "float16" | "int32";

/** An array as this program uses it. Half floats are read as 32-bit ones. */
export type NpyArray =
  | { dtype: "float32" | "float16"; shape: number[]; values: Float32Array<ArrayBuffer> }
  | { dtype: "int32"; shape: number[]; values: Int32Array<ArrayBuffer> };

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** NumPy itself reads no longer header unless told to. */
const MAX_HEADER = 10_000;
const DESCRIPTIONS: Record<NpyType, string> = { float32: "<f4", float16: "<f2", int32: "<i4" };
const BYTES: Record<NpyType, number> = { float32: 4, float16: 2, int32: 4 };

const bad = (name: string, what: string, remedy: string) => new LabError("bad-input", `${name}: ${what}`, remedy);
const AGAIN = "Write it again with numpy.save, or fetch it again.";

interface Header {
  descr: string;
  fortran: boolean;
  shape: number[];
}

/** One `'key': value` of the header: a text, True or False, or a tuple of whole numbers (Python 2 wrote them with an L). */
const FIELD = /\s*(?:'(\w+)'|"(\w+)")\s*:\s*(?:'([^']*)'|"([^"]*)"|(True|False)|\(([\d\s,L]*)\))\s*(?:,|(?=\}))/y;

function parseHeader(text: string, name: string): Header {
  const broken = () => bad(name, "its header is not the dict of descr, fortran_order and shape it should be.", AGAIN);
  if (/'descr'\s*:\s*\[/.test(text))
    throw bad(name, "it is a table of several columns.", "Save one column at a time, as float32.");
  const body = text.trim();
  if (!body.startsWith("{") || !body.endsWith("}")) throw broken();
  const fields = new Map<string, string>();
  FIELD.lastIndex = 1;
  while (!/^\s*\}$/.test(body.slice(FIELD.lastIndex))) {
    const found = FIELD.exec(body);
    const key = found?.[1] ?? found?.[2];
    if (!found || key === undefined || fields.has(key)) throw broken();
    fields.set(key, found[3] ?? found[4] ?? found[5] ?? found[6]!);
  }
  const [descr, fortran, shape] = ["descr", "fortran_order", "shape"].map((key) => fields.get(key));
  if (fields.size !== 3 || descr === undefined || (fortran !== "True" && fortran !== "False") || shape === undefined)
    throw broken();
  const sizes = shape.split(",").map((size) => size.trim());
  // (3,) and () end in nothing; so may (3, 2,).
  if (sizes.at(-1) === "") sizes.pop();
  if (!sizes.every((size) => /^\d+L?$/.test(size))) throw broken();
  return { descr, fortran: fortran === "True", shape: sizes.map((size) => Number.parseInt(size, 10)) };
}

function typeOf(descr: string, name: string): NpyType {
  for (const dtype of ["float32", "float16", "int32"] as const) if (DESCRIPTIONS[dtype] === descr) return dtype;
  throw bad(
    name,
    `its values are of type ${descr.slice(0, 20)}.`,
    'Only little-endian float32, float16 and int32 are read: save array.astype("<f4") instead.',
  );
}

/** Values as the bytes say; copied, so that they stand on an even address. */
function valuesOf(dtype: NpyType, bytes: Uint8Array): Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> {
  // Not slice(), which for a Buffer of Node is a view.
  const own = new Uint8Array(bytes).buffer;
  if (dtype === "int32") return new Int32Array(own);
  if (dtype === "float32") return new Float32Array(own);
  return Float32Array.from(new Uint16Array(own), halfValue);
}

/**
 * Reads an array.
 * @param name the file's, for messages
 * @throws LabError bad-input: not .npy, cut off, in Fortran order, of another type, or its size does not match its shape
 */
export function readNpy(bytes: Uint8Array, name = "The .npy file"): NpyArray {
  if (!MAGIC.every((byte, i) => bytes[i] === byte))
    throw bad(name, "it is not a .npy file.", "Choose a file that numpy.save wrote.");
  const major = bytes[6];
  const start = major === 1 ? 10 : 12;
  if (bytes.length < start) throw bad(name, "it is cut off in its header.", AGAIN);
  if (major !== 1 && major !== 2 && major !== 3)
    throw bad(name, `its format version is ${major}; 1, 2 and 3 are read.`, AGAIN);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAX_HEADER)
    throw bad(name, `its header claims ${length} bytes, more than any array of numbers needs.`, AGAIN);
  if (start + length > bytes.length) throw bad(name, "it is cut off in its header.", AGAIN);
  // Of a header that matters here every character is ASCII; version 3 would allow more, in names of columns.
  const { descr, fortran, shape } = parseHeader(new TextDecoder().decode(bytes.subarray(start, start + length)), name);
  const dtype = typeOf(descr, name);
  if (fortran && shape.filter((size) => size > 1).length > 1)
    throw bad(name, "its values are in Fortran order.", "Save numpy.ascontiguousarray(array) instead.");
  const needed = shape.reduce((product, size) => product * size, BYTES[dtype]);
  const there = bytes.length - start - length;
  if (needed !== there)
    throw bad(
      name,
      `its shape (${shape.slice(0, 8).join(", ")}) needs ${needed} bytes of values, there are ${there}.`,
      AGAIN,
    );
  return { dtype, shape, values: valuesOf(dtype, bytes.subarray(start + length)) } as NpyArray;
}

/**
 * Writes an array in C order, format version 1.
 * @param shape of the values, rows first
 * @param half 32-bit floats as half ones: half the bytes, 3 to 4 digits
 * @throws RangeError where shape and number of values disagree
 */
export function writeNpy(
  shape: readonly number[],
  values: Float32Array | Int32Array,
  half = false,
): Uint8Array<ArrayBuffer> {
  if (shape.reduce((product, size) => product * size, 1) !== values.length)
    throw new RangeError(`${values.length} values, but the shape is (${shape.join(", ")}).`);
  if (half && values instanceof Int32Array) throw new RangeError("Whole numbers cannot be written as half floats.");
  const dtype = values instanceof Int32Array ? "int32" : half ? "float16" : "float32";
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const dict = `{'descr': '${DESCRIPTIONS[dtype]}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // The values begin at a multiple of 64 bytes, so that the file can be mapped into memory.
  const start = Math.ceil((10 + dict.length + 1) / 64) * 64;
  const header = new TextEncoder().encode(`${dict.padEnd(start - 11)}\n`);
  const bytes = new Uint8Array(start + BYTES[dtype] * values.length);
  bytes.set([...MAGIC, 1, 0]);
  new DataView(bytes.buffer).setUint16(8, header.length, true);
  bytes.set(header, 10);
  const stored = dtype === "float16" ? Uint16Array.from(values, halfBits) : values;
  bytes.set(new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength), start);
  return bytes;
}
