/** `lab import --check` and `lab encode`, on a model small enough to be worked out by hand. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { readNpy } from "../core/formats/npy";
import { writeSafetensors } from "../core/formats/safetensors";
import { encodeCommand, readTexts } from "./encode";
import { importCommand } from "./import";

let folder = "";
const at = (name: string) => join(folder, name);
const WORDS = ["[PAD]", "[UNK]", "hello", "world", "find", ":"];
const ROWS = [0, 0, 0, 0, 9, 9, 9, 9, 3, 0, 0, 4, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "import-"));
  const vocab = Object.fromEntries(WORDS.map((word, i) => [word, i]));
  const model = {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 100,
    vocab,
  };
  const json: Record<string, unknown> = {
    "config.json": { model_type: "model2vec", normalize: true },
    "tokenizer.json": { added_tokens: [], normalizer: null, pre_tokenizer: { type: "BertPreTokenizer" }, model },
    "config_sentence_transformers.json": { prompts: { query: "find: " } },
    "golden.json": [
      { sentence: "hello", embedding: [0.6, 0, 0, 0.8] },
      { sentence: "strange world", embedding: [0, 1, 0, 0] },
    ],
    "wrong.json": {
      fixtures: [{ model: "some/one", examples: [{ sentence: "hello", embedding: [0.6, 0, 0.01, 0.8] }] }],
    },
  };
  for (const [name, value] of Object.entries(json)) writeFileSync(at(name), JSON.stringify(value));
  const table = { shape: [6, 4], values: Float32Array.from(ROWS) };
  writeFileSync(at("model.safetensors"), writeSafetensors(new Map([["embeddings", table]])));
  writeFileSync(at("texts.jsonl"), '{"text":"hello"}\n{"text":"world","title":""}\n{"text":"hello world"}\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What a command prints, and its exit code. */
async function lab(command: (args: string[]) => Promise<number>, ...args: string[]) {
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
  const write = vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  try {
    return { code: await command(args), printed: lines.join("\n") };
  } finally {
    log.mockRestore();
    write.mockRestore();
  }
}

describe("lab import --check", () => {
  it("describes a checkpoint without a GPU, as lines and as JSON", async () => {
    const bert = fileURLToPath(new URL("../core/checkpoints/golden/bert", import.meta.url));
    const { code, printed } = await lab(importCommand, "--check", bert, "--dry");
    expect(code).toBe(0);
    expect(printed).toMatch(/bert, 2 layers, width 16, 4 heads, 40 tokens/);
    expect(printed).toMatch(
      /vectors of 6: mean of the tokens, dense 16 to 8 \(tanh\), dense 8 to 6 \(identity\), length 1/,
    );
    expect(printed).toMatch(/left out: bert.pooler.dense.weight/);
    const json = JSON.parse((await lab(importCommand, "--check", bert, "--dry", "--json")).printed);
    expect(json).toMatchObject({ modelType: "bert", passed: true, parameters: { total: 896 + 2 * 1960 + 136 + 48 } });
  });

  it("holds kernels, operations, half floats and golden vectors against each other", async () => {
    const right = await lab(importCommand, "--check", folder, "--golden", at("golden.json"), "--json");
    expect(JSON.parse(right.printed).checks.map((check: { passed: boolean }) => check.passed)).toEqual([
      true,
      true,
      true,
    ]);
    expect(right.code).toBe(0);
    const wrong = await lab(importCommand, "--check", folder, "--golden", at("wrong.json"), "--model", "one");
    expect(wrong.printed).toMatch(/1 golden vectors: largest difference 1\.0e-2, .*: TOO FAR/);
    expect(wrong.code).toBe(1);
  });

  it("says what is wrong with what it is given", async () => {
    await expect(importCommand([])).rejects.toThrow(/--check DIR is missing/);
    await expect(importCommand(["--check", folder, "--pooling", "max"])).rejects.toThrow(/no pooling "max"/);
    await expect(importCommand(["--check", folder, "--golden", at("wrong.json"), "--model", "two"])).rejects.toThrow(
      /0 fixtures of two, of some\/one/,
    );
    await expect(importCommand(["--check", folder, "--golden", at("texts.jsonl")])).rejects.toThrow(/cannot be read/);
    await expect(importCommand(["--check", join(folder, "none")])).rejects.toThrow(/There is no folder/);
  });
});

describe("lab encode", () => {
  it("writes one vector a line, with the side's prompt before it", async () => {
    const rows = async (side: string) => {
      await lab(encodeCommand, "--model", folder, "--in", at("texts.jsonl"), "--out", at("out.npy"), "--as", side);
      const { shape, values } = readNpy(new Uint8Array(readFileSync(at("out.npy"))));
      expect(shape).toEqual([3, 4]);
      return [0, 1, 2].map((i) => Array.from(values.subarray(4 * i, 4 * i + 4), (x) => Number(x.toFixed(4))));
    };
    expect(await rows("document")).toEqual([
      [0.6, 0, 0, 0.8],
      [0, 1, 0, 0],
      [0.5883, 0.1961, 0, 0.7845],
    ]);
    expect((await rows("query"))[1]).toEqual([0, 0.4472, 0.8944, 0]);
  });

  it("reads lines of JSON or of text, and names the line and field that are wrong", () => {
    expect(readTexts("a\r\nb\n", "x.txt")).toEqual(["a", "b"]);
    expect(readTexts('{"title":"T","text":"x"}', "x.jsonl")).toEqual(["T. x"]);
    expect(readTexts('\uFEFF{"text":"x"}\r\n', "x.jsonl")).toEqual(["x"]);
    expect(() => readTexts('{"text":"x"}\n{"t":1}', "x.jsonl")).toThrow(/x.jsonl, line 2: text is missing/);
    expect(() => readTexts("nothing", "x.jsonl")).toThrow(/line 1: not JSON/);
    expect(() => readTexts("", "x.txt")).toThrow(/no texts/);
  });

  it("says what is missing or not possible", async () => {
    await expect(encodeCommand(["--model", folder])).rejects.toThrow(/--in is missing/);
    const given = ["--model", folder, "--in", at("texts.jsonl"), "--out", at("o.npy")];
    await expect(encodeCommand([...given, "--as", "x"])).rejects.toThrow(/--as x/);
    await expect(encodeCommand(["--model", folder, "--in", at("none"), "--out", at("o.npy")])).rejects.toThrow(
      /none cannot be read: there is no such file/,
    );
    await expect(encodeCommand([...given, "--max-tokens", "0"])).rejects.toThrow(/--max-tokens/);
    // Before anything is computed: the texts themselves are no folder.
    await expect(
      encodeCommand(["--model", at("nowhere"), "--in", at("texts.jsonl"), "--out", at("texts.jsonl/o.npy")]),
    ).rejects.toThrow(/is a file/);
  });
});
