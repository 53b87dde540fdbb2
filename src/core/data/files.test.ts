import { gzipSync as zlibGzip } from "node:zlib";
import fc from "fast-check";
import { gzipSync, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { concatBytes } from "../bytes";
import { LabError } from "../errors";
import { bytesEntry, type DataFile, type FileEntry, lineBatches, openFiles } from "./files";
import { Problems } from "./problems";

const utf8 = (text: string) => new TextEncoder().encode(text);
const entry = bytesEntry;
async function contentOf(file: DataFile): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of file.chunks()) parts.push(part);
  return concatBytes(parts);
}
const decode = (files: DataFile[]) =>
  Promise.all(files.map(async (file) => [file.path, new TextDecoder().decode(await contentOf(file))]));
const readAll = async (entries: FileEntry[], limit?: number) => {
  const files = await openFiles(entries, limit);
  for (const file of files) await contentOf(file);
  return files;
};
async function refusal(entries: FileEntry[], limit?: number): Promise<LabError> {
  const error: unknown = await readAll(entries, limit).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LabError);
  expect((error as LabError).kind).toBe("bad-input");
  return error as LabError;
}
const join = (...parts: Uint8Array[]) => concatBytes(parts);

/** zlib's, because fflate 0.8.3 writes a wrong file for 65,535 bytes at level 0; zlib's names no file, so a name is put in. */
function storedWithName(part: Uint8Array): Uint8Array {
  const packed = zlibGzip(part, { level: 0 });
  const header = packed.slice(0, 10);
  header[3] = 8;
  return join(header, utf8("part.jsonl\0"), packed.subarray(10));
}

describe("opening files", () => {
  it("takes loose and gzipped files, and reads nothing else", async () => {
    const slice = () => Promise.reject(new Error("was read"));
    const untouched: FileEntry = { path: "set/model.safetensors", size: 9, slice };
    const files = await openFiles([
      entry("set\\corpus.jsonl", utf8("{}")),
      entry("./set/queries.jsonl.gz", gzipSync(utf8("{}\n"))),
      untouched,
      { ...untouched, path: "set/._corpus.jsonl" },
      { ...untouched, path: "__MACOSX/corpus.jsonl" },
    ]);
    expect(await decode(files)).toEqual([
      ["set/corpus.jsonl", "{}"],
      ["set/queries.jsonl.gz", "{}\n"],
    ]);
  });

  it("unpacks a .zip with a top folder, and .gz files in it", async () => {
    const zip = zipSync({
      "scifact/corpus.jsonl": utf8("a"),
      "scifact/qrels/test.tsv.gz": gzipSync(utf8("b")),
      "scifact/qrels/": new Uint8Array(),
      "__MACOSX/scifact/._corpus.jsonl": utf8("?"),
      "scifact/picture.png": utf8("?"),
    });
    const expected = (name: string) => [
      [`${name}/scifact/corpus.jsonl`, "a"],
      [`${name}/scifact/qrels/test.tsv.gz`, "b"],
    ];
    expect(await decode(await openFiles([entry("data.zip", zip)]))).toEqual(expected("data.zip"));
    expect(await decode(await openFiles([entry("download", zip)]))).toEqual(expected("download"));
  });

  it("unpacks what is gzipped, whatever it is: a .zip by any name, parquet, what lies in a .zip", async () => {
    const zip = zipSync({ "set/corpus.jsonl": utf8("a"), "set/rows.parquet.gz": gzipSync(utf8("PAR1b")) });
    const packed = gzipSync(zip);
    for (const name of ["data.zip.gz", "data.zip", "download", "DATA.ZIP.GZ"])
      expect(await decode(await openFiles([entry(name, packed)]))).toEqual([
        [`${name}/set/corpus.jsonl`, "a"],
        [`${name}/set/rows.parquet.gz`, "PAR1b"],
      ]);
    expect(await decode(await openFiles([entry("a.md", utf8("c")), entry("b.zip.gz", packed)]))).toHaveLength(3);
    const [rows] = await openFiles([entry("rows.parquet.gz", gzipSync(utf8("PAR1 rows")))]);
    // Its end can be asked for, as parquet is read.
    expect(new TextDecoder().decode(await rows!.slice(rows!.size - 4, rows!.size))).toBe("rows");
    for (const name of ["bomb.zip.gz", "bomb.parquet.gz"]) {
      const error = await refusal(
        [entry(name, gzipSync(zipSync({ "a.jsonl": new Uint8Array(2e6) }, { level: 0 })))],
        1e6,
      );
      expect(error.message).toMatch(/^bomb\.[a-z.]+ unpacks to more than/);
      expect((await refusal([entry(name, packed.slice(0, -9))])).message).toBe(`${name} is not a whole .gz file.`);
    }
    expect((await refusal([entry("a.zip.gz", gzipSync(utf8("plain")))])).message).toBe(
      "a.zip.gz is not a whole .zip file.",
    );
  });

  it("gives every byte back, also of several gzip members and large files", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 400 }),
        async (members, times) => {
          const parts = members.map((part) => join(...Array.from({ length: times }, () => part)));
          const packed = join(...parts.map((part) => gzipSync(part)));
          const [file] = await openFiles([entry("a.jsonl.gz", packed)]);
          expect(Buffer.compare(await contentOf(file!), join(...parts))).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("reads gzip members whose headers fall anywhere between two chunks", async () => {
    // Stored, not shrunk: the second member begins just before, at and after the end of the first 64 KiB.
    for (let size = 65_500; size < 65_540; size++) {
      const parts = [new Uint8Array(size).map((_, i) => i * 7), new Uint8Array(70_000).map((_, i) => i * 11)];
      const packed = join(...parts.map(storedWithName));
      const [file] = await openFiles([entry("a.jsonl.gz", packed)]);
      expect(Buffer.compare(await contentOf(file!), join(...parts))).toBe(0);
    }
  });

  it("refuses what unpacks to more than the limit", async () => {
    const zeros = new Uint8Array(5_000_000);
    expect((await refusal([entry("bomb.jsonl.gz", gzipSync(zeros))], 1_000_000)).message).toBe(
      "bomb.jsonl.gz unpacks to more than 1,000,000 bytes, which is as much as this program takes.",
    );
    expect((await refusal([entry("bomb.zip", zipSync({ "corpus.jsonl": zeros }))], 1_000_000)).message).toMatch(
      /^bomb\.zip unpacks to more than/,
    );
    // A .gz in a .zip is measured unpacked twice.
    const nested = zipSync({ "corpus.jsonl.gz": gzipSync(zeros) });
    expect((await refusal([entry("bomb.zip", nested)], 1_000_000)).message).toMatch(
      /corpus\.jsonl\.gz unpacks to more/,
    );
    // The limit is for all files together.
    const half = [entry("a.jsonl.gz", gzipSync(zeros)), entry("b.jsonl.gz", gzipSync(zeros))];
    expect((await refusal(half, 9_000_000)).message).toMatch(/^b\.jsonl\.gz/);
    expect(await readAll(half, 10_000_000)).toHaveLength(2);
    // Read twice, as a table is whose columns are looked at first, a file counts once.
    const [again] = await openFiles(half.slice(0, 1), 6_000_000);
    for (let i = 0; i < 2; i++) expect((await contentOf(again!)).length).toBe(zeros.length);
  });

  it("refuses a .zip that lies about its sizes", async () => {
    const zip = zipSync({ "corpus.jsonl": utf8("word ".repeat(100)) });
    const view = new DataView(zip.buffer);
    const central = view.getUint32(zip.length - 22 + 16, true);
    for (const lie of [2_000_000_000, 501]) {
      view.setUint32(central + 24, lie, true);
      expect((await refusal([entry("liar.zip", zip)])).message).toMatch(/is not a whole \.zip file/);
    }
  });

  it("names a damaged file", async () => {
    const packed = gzipSync(utf8("some text that is long enough to be packed, some text"));
    expect((await refusal([entry("x/a.jsonl.gz", packed.slice(0, -12))])).message).toBe(
      "x/a.jsonl.gz is not a whole .gz file.",
    );
    expect((await refusal([entry("a.jsonl.gz", packed.slice(0, 12))])).message).toMatch(/^a\.jsonl\.gz is not/);
    expect((await refusal([entry("a.jsonl.gz", utf8("plain"))])).message).toMatch(/^a\.jsonl\.gz is not/);
    const zip = zipSync({ "corpus.jsonl": utf8("a") });
    expect((await refusal([entry("a.zip", zip.slice(0, -5))])).message).toBe("a.zip is not a whole .zip file.");
    expect((await refusal([entry("a.zip", utf8("plain"))])).message).toBe("a.zip is not a whole .zip file.");
    const gone: FileEntry = { path: "b.jsonl", size: 1, slice: () => Promise.reject(new Error("gone")) };
    expect((await refusal([gone])).message).toBe("b.jsonl could not be read: gone.");
  });

  it("does not hang or crash on damaged packings", async () => {
    const packed = [gzipSync(utf8("text ".repeat(50))), zipSync({ "corpus.jsonl": utf8("text ".repeat(50)) })];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...packed),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (bytes, at, flip) => {
          const broken = bytes.slice();
          broken[at % broken.length]! ^= flip;
          await readAll([entry("a.jsonl.gz", broken)]).catch((error: unknown) => {
            expect(error).toBeInstanceOf(LabError);
          });
        },
      ),
    );
  });
});

describe("lines", () => {
  /** A file that comes in pieces of these lengths, then whole. */
  const inPieces = (bytes: Uint8Array, lengths: readonly number[] = []): DataFile => ({
    ...bytesEntry("q.tsv", bytes),
    async *chunks() {
      let at = 0;
      for (const length of lengths) {
        yield bytes.subarray(at, at + length);
        at += length;
      }
      yield bytes.subarray(at);
    },
  });
  const lines = async (bytes: Uint8Array, { blank = false, lengths = [] as number[] } = {}) => {
    const all: [number, string][] = [];
    const problems = new Problems();
    for await (const batch of lineBatches(inPieces(bytes, lengths), problems, { blank }))
      for (const { number, text } of batch) all.push([number, text]);
    problems.throwIfAny();
    return all;
  };
  it("pass over a byte order mark, blank lines and both line ends", async () => {
    expect(await lines(utf8("\uFEFFa\r\n\n \t\nb\uFEFF\n\uFEFFc"))).toEqual([
      [1, "a"],
      [4, "b\uFEFF"],
      [5, "\uFEFFc"],
    ]);
    expect(await lines(utf8(""))).toEqual([]);
    expect(await lines(utf8("a\n\n b\n"), { blank: true })).toEqual([
      [1, "a"],
      [2, ""],
      [3, " b"],
    ]);
  });

  it("are the same wherever the file is cut into pieces", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom("a", "é", "\u{1F600}", " ", "\r", "\n", "\uFEFF"), { maxLength: 30 }),
        fc.array(fc.nat({ max: 5 }), { maxLength: 20 }),
        async (marks, lengths) => {
          const text = marks.join("");
          const expected = text
            .replace(/^\uFEFF/, "")
            .split("\n")
            .map((line, i): [number, string] => [i + 1, line.replace(/\r$/, "")]);
          if (expected.at(-1)![1] === "" && !text.endsWith("\r")) expected.pop();
          expect(await lines(utf8(text), { blank: true, lengths })).toEqual(expected);
        },
      ),
    );
  });

  it("say which file and line is not UTF-8", async () => {
    const latin = Uint8Array.of(0x61, 0x0a, 0x4d, 0xfc, 0x0a, 0x61, 0x0a, 0xff);
    await expect(lines(latin)).rejects.toThrow(
      "The files have 2 faults.\nq.tsv, line 2: these bytes are not UTF-8 text.\nq.tsv, line 4: these bytes are not UTF-8 text.",
    );
    await expect(lines(Uint8Array.of(0xff, 0xfe, 0x61, 0x00))).rejects.toThrow("q.tsv is UTF-16 text, not UTF-8.");
  });
});
