import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LabError } from "../errors";
import { halfBits, halfValue } from "../half";
import { PYTORCH, parseSafetensors, readSafetensors, SafetensorsError, writeSafetensors } from "./safetensors";

const FOLDER = "../shared/data/safetensors";
const skip = !existsSync(FOLDER) && !process.env.CI;

interface Vector {
  name: string;
  hex: string;
  expect: "ok" | "error";
  error: string | null;
  metadata?: Record<string, string> | null;
  tensors?: Record<string, { dtype: string; shape: number[]; data_hex: string }>;
}
const hex = (text: string) => new Uint8Array(Buffer.from(text, "hex"));
const toHex = (data: Uint8Array) => Buffer.from(data).toString("hex");

function file(header: unknown, data: number[] = []): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true);
  return Uint8Array.from([...length, ...json, ...data]);
}

describe(`the reference's vectors (from ${FOLDER})`, () => {
  const vectors = () => JSON.parse(readFileSync(`${FOLDER}/vectors.json`, "utf8")) as Vector[];

  it.skipIf(skip)("are read or refused as they must be", () => {
    const seen = { ok: 0, error: 0 };
    for (const vector of vectors()) {
      seen[vector.expect]++;
      if (vector.expect === "error") {
        let problem = "none";
        try {
          parseSafetensors(hex(vector.hex));
        } catch (error) {
          expect(error).toBeInstanceOf(SafetensorsError);
          problem = (error as SafetensorsError).problem;
        }
        expect(problem, vector.name).toBe(vector.error);
        continue;
      }
      const { metadata, tensors } = parseSafetensors(hex(vector.hex));
      expect(metadata, vector.name).toEqual(vector.metadata ?? {});
      expect(
        Object.fromEntries([...tensors].map(([name, { dtype, shape, data }]) => [name, [dtype, shape, toHex(data)]])),
        vector.name,
      ).toEqual(
        Object.fromEntries(Object.entries(vector.tensors!).map(([name, t]) => [name, [t.dtype, t.shape, t.data_hex]])),
      );
    }
    expect(seen).toEqual({ ok: 11, error: 12 });
  });

  it.skipIf(skip)("are written byte for byte as the reference writes them", () => {
    let written = 0;
    for (const vector of vectors()) {
      if (!("note" in vector) || vector.expect === "error") continue;
      if (Object.values(vector.tensors!).some(({ dtype }) => dtype !== "F32")) continue;
      const { tensors, metadata } = readSafetensors(hex(vector.hex));
      expect(toHex(writeSafetensors(tensors, metadata)), vector.name).toBe(vector.hex);
      written++;
    }
    expect(written).toBe(4);
  });

  it.skipIf(skip)("include real files", () => {
    for (const name of ["tensor-3d-float32", "tensor-4d-float32"]) {
      const { tensors } = readSafetensors(readFileSync(`${FOLDER}/${name}.safetensors`));
      for (const { shape, values } of tensors.values()) expect(values).toHaveLength(shape.reduce((a, b) => a * b, 1));
      expect(tensors.size).toBeGreaterThan(0);
    }
    for (const name of ["tensor-1d-int32", "tensor-2d-float64"])
      expect(() => readSafetensors(readFileSync(`${FOLDER}/${name}.safetensors`)), name).toThrow(
        /is of type (I32|F64)/,
      );
  });
});

describe("safetensors", () => {
  const tensor = fc.array(fc.nat({ max: 3 }), { maxLength: 3 }).chain((shape) => {
    const n = shape.reduce((a, b) => a * b, 1);
    const float = fc.float({ noNaN: true });
    return fc
      .array(float, { minLength: n, maxLength: n })
      .map((values) => ({ shape, values: Float32Array.from(values) }));
  });
  const name = fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("0", "10", "9", "__proto__", "constructor"));

  it("come back as they were written", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(name, tensor), { selector: ([key]) => key, maxLength: 5 }),
        fc.dictionary(fc.string(), fc.string(), { maxKeys: 3, noNullPrototype: true }),
        (entries, metadata) => {
          const back = readSafetensors(writeSafetensors(new Map(entries), metadata));
          expect(new Map([...back.tensors].sort())).toEqual(new Map(entries.sort()));
          expect(back.metadata).toEqual(metadata);
        },
      ),
    );
  });

  it("come back as half floats where they are written so", () => {
    fc.assert(
      fc.property(tensor, ({ shape, values }) => {
        const bytes = writeSafetensors(new Map([["w", { shape, values }]]), PYTORCH, "F16");
        expect(parseSafetensors(bytes).tensors.get("w")!.dtype).toBe("F16");
        expect(readSafetensors(bytes)).toEqual({
          metadata: { format: "pt" },
          tensors: new Map([["w", { shape, values: values.map((x) => halfValue(halfBits(x))) }]]),
        });
      }),
    );
  });

  it("are read from any address, and copied", () => {
    const bytes = writeSafetensors(new Map([["w", { shape: [2], values: Float32Array.of(1, 2) }]]));
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    const { tensors } = readSafetensors(shifted.subarray(1));
    shifted.fill(0);
    expect(tensors.get("w")!.values).toEqual(Float32Array.of(1, 2));
  });

  it("convert half floats exactly", () => {
    // 1, -2, 65504, the smallest subnormal, infinity, NaN.
    const halves = [0x3c00, 0xc000, 0x7bff, 0x0001, 0x7c00, 0x7e00].flatMap((bits) => [bits & 255, bits >> 8]);
    const f16 = readSafetensors(file({ w: { dtype: "F16", shape: [6], data_offsets: [0, 12] } }, halves));
    expect([...f16.tensors.get("w")!.values]).toEqual([1, -2, 65504, 2 ** -24, Number.POSITIVE_INFINITY, Number.NaN]);
    const bf16 = readSafetensors(
      file({ w: { dtype: "BF16", shape: [2], data_offsets: [0, 4] } }, [0x80, 0x3f, 0x49, 0xc0]),
    );
    expect([...bf16.tensors.get("w")!.values]).toEqual([1, -3.140625]);
  });

  it.each([
    ["a gap", { a: { dtype: "U8", shape: [1], data_offsets: [1, 2] } }, [0, 0], "InvalidOffset"],
    [
      "an end before the start",
      { a: { dtype: "U8", shape: [1], data_offsets: [0, -1] } },
      [],
      "InvalidHeaderDeserialization",
    ],
    ["half a byte", { a: { dtype: "F4", shape: [1], data_offsets: [0, 1] } }, [0], "MisalignedSlice"],
    ["an unknown type", { a: { dtype: "F7", shape: [], data_offsets: [0, 1] } }, [0], "InvalidHeaderDeserialization"],
    ["metadata that is no text", { __metadata__: { a: 1 } }, [], "InvalidHeaderDeserialization"],
    ["a list", [], [], "InvalidHeaderDeserialization"],
    [
      "a shape with fractions",
      { a: { dtype: "F32", shape: [0.5, 2], data_offsets: [0, 4] } },
      [0, 0, 0, 0],
      "InvalidHeaderDeserialization",
    ],
  ])("are refused with %s", (_, header, data, problem) => {
    expect(() => parseSafetensors(file(header, data))).toThrow(expect.objectContaining({ problem, kind: "bad-input" }));
  });

  it("are written as half floats too, each value the nearest one", () => {
    const values = Float32Array.of(1, -0.1, 65504, 1e-8, 3.25, 0.5);
    const bytes = writeSafetensors(new Map([["a", { shape: [2, 3], values }]]), {}, "F16");
    expect(parseSafetensors(bytes).tensors.get("a")).toMatchObject({ dtype: "F16", shape: [2, 3] });
    expect(parseSafetensors(bytes).tensors.get("a")!.data.byteLength).toBe(12);
    const back = readSafetensors(bytes).tensors.get("a")!.values;
    values.forEach((value, i) => {
      expect(Math.abs(back[i]! - value)).toBeLessThanOrEqual(Math.max(2 ** -11 * Math.abs(value), 2 ** -25));
    });
    expect(writeSafetensors(readSafetensors(bytes).tensors, {}, "F16")).toEqual(bytes);
  });
  it("of any bytes are read or refused with a message", () => {
    const near = fc.tuple(fc.nat({ max: 60 }), fc.nat({ max: 255 })).map(([at, value]) => {
      const bytes = writeSafetensors(new Map([["w", { shape: [2], values: Float32Array.of(1, 2) }]]));
      bytes[at] = value;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), near), (bytes) => {
        try {
          readSafetensors(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(LabError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("are not written with a wrong shape", () => {
    expect(() => writeSafetensors(new Map([["w", { shape: [3], values: Float32Array.of(1) }]]))).toThrow(RangeError);
    expect(() => writeSafetensors(new Map([["__metadata__", { shape: [], values: Float32Array.of(1) }]]))).toThrow();
  });
});

describe("hostile headers", () => {
  const raw = (json: string, data: number[] = [], claimed = BigInt(new TextEncoder().encode(json).length)) => {
    const length = new Uint8Array(8);
    new DataView(length.buffer).setBigUint64(0, claimed, true);
    return Uint8Array.from([...length, ...new TextEncoder().encode(json), ...data]);
  };
  const entry = (shape: string, from: number, to: number) =>
    `{"dtype":"F32","shape":${shape},"data_offsets":[${from},${to}]}`;
  it.each([
    [
      "a tensor twice",
      raw(`{"w":${entry("[1]", 0, 4)},"w":${entry("[1]", 4, 8)}}`, [0, 0, 0, 0, 0, 0, 0, 0]),
      /has w twice/,
    ],
    [
      "a tensor twice, once escaped",
      raw(`{"w":${entry("[1]", 0, 4)},"\\u0077":${entry("[0]", 4, 4)}}`, [0, 0, 0, 0]),
      /has w twice/,
    ],
    [
      "a field twice",
      raw(`{"w":{"dtype":"F32","shape":[9],"shape":[1],"data_offsets":[0,4]}}`, [0, 0, 0, 0]),
      /has shape twice/,
    ],
    ["a length past all bytes", raw("{}", [], 2n ** 63n), /longer than 100 MB/],
    ["a length past the file", raw("{}", [], 90_000_000n), /beyond the end/],
    [
      "a shape whose product overflows",
      raw(`{"w":${entry("[4294967296,4294967296]", 0, 4)}}`, [0, 0, 0, 0]),
      /too large/,
    ],
    [
      "a shape that is too large before its 0",
      raw(`{"w":${entry("[9223372036854775808,2,0]", 0, 0)}}`),
      /the shape of w is too large/,
    ],
    [
      "a size past 64 bits",
      raw(`{"w":${entry("[18446744073709551616,0]", 0, 0)}}`),
      /18446744073709551616 is not a size/,
    ],
    ["a size with a point", raw(`{"w":${entry("[1.0]", 0, 4)}}`, [0, 0, 0, 0]), /1\.0 is not a size/],
    ["a size with an exponent", raw(`{"w":${entry("[1e0]", 0, 4)}}`, [0, 0, 0, 0]), /1e0 is not a size/],
    ["a negative zero", raw(`{"w":${entry("[-0]", 0, 0)}}`), /-0 is not a size/],
    ["half a character", raw(`{"\\ud800":${entry("[1]", 0, 4)}}`, [0, 0, 0, 0]), /is no text/],
    ["the mark of an encoding", raw("\uFEFF{}"), /not the JSON it should be/],
    ["more after its end", raw("{} {}"), /not the JSON it should be/],
    [
      "a shape of petabytes",
      raw(`{"w":${entry("[1125899906842624]", 0, 4)}}`, [0, 0, 0, 0]),
      /does not have the size of its shape/,
    ],
    ["a negative size", raw(`{"w":${entry("[-1]", 0, 4)}}`, [0, 0, 0, 0]), /-1 is not a size/],
    ["half a value", raw(`{"w":${entry("[0.5]", 0, 4)}}`, [0, 0, 0, 0]), /0\.5 is not a size/],
    [
      "tensors that overlap",
      raw(`{"a":${entry("[1]", 0, 4)},"b":${entry("[1]", 2, 6)}}`, [0, 0, 0, 0, 0, 0]),
      /does not begin where/,
    ],
    ["a gap", raw(`{"a":${entry("[1]", 0, 4)},"b":${entry("[1]", 5, 9)}}`, Array(9).fill(0)), /does not begin where/],
    ["data backward", raw(`{"a":${entry("[1]", 4, 0)}}`, [0, 0, 0, 0]), /does not begin where/],
  ])("with %s are refused", (_, bytes, words) => expect(() => parseSafetensors(bytes)).toThrow(words));

  it("with blanks, no metadata, and numbers in texts are read", () => {
    const { metadata, tensors } = parseSafetensors(
      raw(` {"__metadata__":null,"1.5e3":${entry("[ 2 , 0 ]", 0, 0)}}\n `),
    );
    expect([metadata, [...tensors.keys()]]).toEqual([{}, ["1.5e3"]]);
  });

  it("cost no more than they are long, however much they promise", () => {
    // 4 GiB of values promised in 100 bytes: refused before there is room for them.
    const promise = raw(`{"w":${entry("[1073741824]", 0, 4294967296)}}`);
    const before = process.memoryUsage().arrayBuffers;
    expect(() => readSafetensors(promise)).toThrow(/does not end where the file ends/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
  });

  it("are refused or read, whatever byte is changed: nothing else is thrown", () => {
    const good = writeSafetensors(
      new Map([
        ["a", { shape: [2, 1], values: Float32Array.of(1, 2) }],
        ["b", { shape: [], values: Float32Array.of(3) }],
      ]),
      { step: "12" },
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (changes) => {
          const bytes = good.slice();
          for (const [at, value] of changes) bytes[at] = value;
          try {
            for (const { shape, data } of parseSafetensors(bytes).tensors.values())
              expect(data.length).toBeGreaterThanOrEqual(shape.reduce((a, b) => a * b, 1) / 8);
          } catch (error) {
            expect(error).toBeInstanceOf(SafetensorsError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
