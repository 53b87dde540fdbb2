import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LabError } from "../errors";
import { halfBits, halfValue } from "../half";
import { readNpy, writeNpy } from "./npy";

const shapes = fc.array(fc.nat({ max: 4 }), { maxLength: 4 });
const sizeOf = (shape: number[]) => shape.reduce((a, b) => a * b, 1);
const floats = shapes.chain((shape) =>
  fc
    .array(fc.float(), { minLength: sizeOf(shape), maxLength: sizeOf(shape) })
    .map((values) => ({ shape, values: Float32Array.from(values) })),
);
const integers = shapes.chain((shape) =>
  fc
    .array(fc.integer(), { minLength: sizeOf(shape), maxLength: sizeOf(shape) })
    .map((values) => ({ shape, values: Int32Array.from(values) })),
);
/** A file with any header. */
const file = (header: string, data: number[] = [], version = 1) => {
  const text = new TextEncoder().encode(header);
  const length = version === 1 ? [text.length & 255, text.length >> 8] : [text.length & 255, text.length >> 8, 0, 0];
  return Uint8Array.from([0x93, ...new TextEncoder().encode("NUMPY"), version, 0, ...length, ...text, ...data]);
};
const one = [0, 0, 128, 63];

describe("npy", () => {
  it("comes back as it was written, floats and whole numbers, any shape", () => {
    fc.assert(
      fc.property(fc.oneof(floats, integers), ({ shape, values }) => {
        const bytes = writeNpy(shape, values);
        const back = readNpy(bytes);
        expect(back).toEqual({ dtype: values instanceof Int32Array ? "int32" : "float32", shape, values });
        expect((bytes.length - values.byteLength) % 64).toBe(0);
      }),
    );
  });

  it("as half floats holds the nearest ones", () => {
    fc.assert(
      fc.property(floats, ({ shape, values }) => {
        const back = readNpy(writeNpy(shape, values, true));
        expect(back).toEqual({ dtype: "float16", shape, values: values.map((x) => halfValue(halfBits(x))) });
      }),
    );
  });

  it("is read from any address, and copied", () => {
    const bytes = writeNpy([2], Float32Array.of(1, 2));
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    const { values } = readNpy(shifted.subarray(1));
    shifted.fill(0);
    expect(values).toEqual(Float32Array.of(1, 2));
  });

  it.each([
    ["version 1", file("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n", one)],
    ["version 2", file("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n", one, 2)],
    ["version 3", file("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n", one, 3)],
    ["Python 2", file("{'shape': (1L,), 'descr': '<f4', 'fortran_order': False}", one)],
    ["a writer with other quotes", file('{"descr": "<f4", "shape": (1,), "fortran_order": True}  \n', one)],
  ])("of %s is read", (_, bytes) => {
    expect(readNpy(bytes)).toEqual({ dtype: "float32", shape: [1], values: Float32Array.of(1) });
  });

  it.each([
    ["another file", Uint8Array.of(1, 2, 3), /v\.npy: it is not a \.npy file/],
    ["nothing", new Uint8Array(), /not a \.npy file/],
    ["a later version", file("{}", [], 9), /version is 9/],
    ["a header past the end", file("{", []).with(8, 200), /cut off in its header/],
    ["only the start", file("{}").subarray(0, 9), /cut off in its header/],
    ["a header of many megabytes", file("{}", [], 2).with(10, 99), /claims 6488066 bytes/],
    ["no dict", file("descr <f4"), /header is not the dict/],
    [
      "a field twice",
      file("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", one),
      /not the dict/,
    ],
    ["a field too few", file("{'descr': '<f4', 'shape': (1,)}", one), /not the dict/],
    [
      "a field too many",
      file("{'descr': '<f4', 'shape': (1,), 'fortran_order': False, 'x': True}", one),
      /not the dict/,
    ],
    ["a shape with a hole", file("{'descr': '<f4', 'shape': (1,,1), 'fortran_order': False}", one), /not the dict/],
    ["a negative shape", file("{'descr': '<f4', 'shape': (-1,), 'fortran_order': False}", one), /not the dict/],
    ["a program", file("{'descr': __import__('os'), 'shape': (1,), 'fortran_order': False}", one), /not the dict/],
    ["float64", file("{'descr': '<f8', 'shape': (1,), 'fortran_order': False}", [...one, ...one]), /of type <f8/],
    ["big-endian values", file("{'descr': '>f4', 'shape': (1,), 'fortran_order': False}", one), /of type >f4/],
    ["Python objects", file("{'descr': '|O', 'shape': (1,), 'fortran_order': False}", one), /of type \|O/],
    ["columns", file("{'descr': [('a', '<f4')], 'shape': (1,), 'fortran_order': False}", one), /several columns/],
    [
      "Fortran order",
      file("{'descr': '<f4', 'shape': (1, 2, 3), 'fortran_order': True}", Array(24).fill(0)),
      /Fortran/,
    ],
    [
      "too few values",
      file("{'descr': '<f4', 'shape': (2,), 'fortran_order': False}", one),
      /needs 8 bytes of values, there are 4/,
    ],
    [
      "too many values",
      file("{'descr': '<f4', 'shape': (), 'fortran_order': False}", [...one, 0]),
      /needs 4 bytes of values, there are 5/,
    ],
    [
      "a shape beyond all numbers",
      file("{'descr': '<f4', 'shape': (4294967296, 4294967296), 'fortran_order': False}", one),
      /there are 4/,
    ],
  ])("is refused where it is %s", (_, bytes, words) => {
    const read = () => readNpy(bytes, "v.npy");
    expect(read).toThrow(words);
    expect(read).toThrow(LabError);
  });

  it("of any bytes is read or refused with a message", () => {
    const whole = writeNpy([2, 1], Float32Array.of(1, 2));
    const near = fc
      .array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
      .map((changes) => changes.reduce((bytes, [at, value]) => bytes.with(at, value), whole));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), near), (bytes) => {
        try {
          const { shape, values } = readNpy(bytes);
          expect(values).toHaveLength(sizeOf(shape));
        } catch (error) {
          expect(error).toBeInstanceOf(LabError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("is not written with a wrong shape", () => {
    expect(() => writeNpy([3], Float32Array.of(1))).toThrow(RangeError);
    expect(() => writeNpy([1], Int32Array.of(1), true)).toThrow(RangeError);
  });
});

const python = spawnSync("python3", ["-c", "import numpy"]).status === 0;

describe.skipIf(!python)("NumPy (skipped where python3 has none)", () => {
  it("reads what we write and writes what we read", () => {
    const folder = mkdtempSync(join(tmpdir(), "npy-"));
    try {
      const cases = {
        floats: writeNpy([2, 3], Float32Array.of(1, -2.5, 3e-9, 4, Number.POSITIVE_INFINITY, 6)),
        halves: writeNpy([3, 1], Float32Array.of(1, -2.5, 1 / 3), true),
        integers: writeNpy([4], Int32Array.of(1, -2, 2 ** 31 - 1, -(2 ** 31))),
        scalar: writeNpy([], Float32Array.of(7)),
        empty: writeNpy([0, 5], new Float32Array()),
      };
      for (const [name, bytes] of Object.entries(cases)) writeFileSync(join(folder, `${name}.npy`), bytes);
      const script = `
import json, numpy, sys
told = {}
for name in sys.argv[2:]:
    a = numpy.load(f"{sys.argv[1]}/{name}.npy", mmap_mode=None if name == "empty" else "r")
    told[name] = [str(a.dtype), list(a.shape), [float(x) if numpy.isfinite(x) else None for x in a.ravel()]]
    numpy.save(f"{sys.argv[1]}/{name}.back.npy", a)
print(json.dumps(told))`;
      const { stdout, stderr } = spawnSync("python3", ["-c", script, folder, ...Object.keys(cases)], {
        encoding: "utf8",
      });
      expect(stderr).toBe("");
      const told = JSON.parse(stdout) as Record<string, [string, number[], (number | null)[]]>;
      for (const [name, bytes] of Object.entries(cases)) {
        const { dtype, shape, values } = readNpy(bytes);
        expect(told[name], name).toEqual([dtype, shape, [...values].map((x) => (Number.isFinite(x) ? x : null))]);
        expect(readNpy(readFileSync(join(folder, `${name}.back.npy`)))).toEqual({ dtype, shape, values });
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
