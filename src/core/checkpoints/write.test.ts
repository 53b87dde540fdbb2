/** Folders of sentence-transformers: what stands in them, and what an independent program in PyTorch makes of them. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { useCpu } from "../../gpu/testFloat64";
import { parseSafetensors, readSafetensors } from "../formats/safetensors";
import { testRun } from "../formats/testRun";
import { trainBpe } from "../text/bpe";
import { loadTokenizer } from "../text/tokenizer";
import type { TowerConfig } from "../towers/types";
import { modelCard } from "./card";
import { checkpointFromBlobs, checkpointTokenizer, inspectCheckpoint, loadCheckpoint } from "./index";
import { pythonWith } from "./testPython";
import { largestDifference, ownVectors, randomTexts, randomTower, TEST_TOWERS } from "./testTowers";
import { type WriteOptions, writeTower } from "./write";

useCpu();

const learned = (special: boolean) =>
  loadTokenizer(trainBpe(["a query about tea", "a note about tea and cups"], 300, { special }));

function written(config: TowerConfig, options: WriteOptions = {}) {
  const tensors = randomTower(config);
  const prompts = { query: "query: ", document: "" };
  const subject = { system: "scalingnote", role: "query", config, prompts, maxTokens: config.maxTokens } as const;
  const files = writeTower(
    {
      ...subject,
      tensors,
      tokenizer: learned(config.pooling !== "mean"),
      metadata: { seed: "7", step: "12" },
      card: modelCard({ ...subject, half: options.half === true, form: "folder" }, testRun()),
    },
    options,
  );
  return { files, tensors };
}

const text = (files: Map<string, Uint8Array>, path: string) => new TextDecoder().decode(files.get(path));
const json = (files: Map<string, Uint8Array>, path: string): unknown => JSON.parse(text(files, path));

function inFolder<T>(files: Map<string, Uint8Array>, work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "export-"));
  try {
    for (const [path, bytes] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), bytes);
    }
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("a tower's folder", () => {
  it("of an encoder has the modules in order, and the projection as a Dense without bias", () => {
    const { files, tensors } = written(TEST_TOWERS.encoder!);
    expect(json(files, "modules.json")).toEqual(
      [
        ["", "Transformer"],
        ["1_Pooling", "Pooling"],
        ["2_Dense", "Dense"],
        ["3_Normalize", "Normalize"],
      ].map(([path, type], idx) => ({ idx, name: String(idx), path, type: `sentence_transformers.models.${type}` })),
    );
    expect(json(files, "2_Dense/config.json")).toEqual({
      in_features: 16,
      out_features: 6,
      bias: false,
      activation_function: "torch.nn.modules.linear.Identity",
    });
    const dense = readSafetensors(files.get("2_Dense/model.safetensors")!);
    expect([...dense.tensors]).toEqual([["linear.weight", tensors.get("projection.weight")]]);
    const model = readSafetensors(files.get("model.safetensors")!);
    expect(model.metadata).toEqual({ format: "pt", seed: "7", step: "12" });
    expect([...model.tensors.keys()].sort()).toEqual(
      [...tensors.keys()].filter((name) => name !== "projection.weight").sort(),
    );
    for (const [name, tensor] of model.tensors) expect(tensor, name).toEqual(tensors.get(name));
    expect(json(files, "config.json")).toMatchObject({
      architectures: ["BertModel"],
      type_vocab_size: 1,
      pad_token_id: 0,
    });
    expect(json(files, "sentence_bert_config.json")).toEqual({ max_seq_length: 12, do_lower_case: false });
    expect(json(files, "config_sentence_transformers.json")).toMatchObject({
      prompts: { query: "query: ", document: "" },
      default_prompt_name: "query",
    });
  });

  it("of a lookup tower is a StaticEmbedding, whose tokenizer cuts by itself", () => {
    const { files } = written(TEST_TOWERS.lookup!);
    expect((json(files, "modules.json") as { path: string }[]).map(({ path }) => path)).toEqual([".", "1_Normalize"]);
    const { tensors } = readSafetensors(files.get("model.safetensors")!);
    expect([...tensors].map(([name, { shape }]) => [name, shape])).toEqual([["embedding.weight", [300, 6]]]);
    expect(json(files, "tokenizer.json")).toMatchObject({ truncation: { max_length: 12 }, padding: null });
  });

  it("of a lookup tower that pools otherwise is refused", () => {
    expect(() => written({ ...TEST_TOWERS.lookup!, pooling: "last" })).toThrow(/averages a lookup tower's tokens/);
  });

  it("has half floats where asked, in every file", () => {
    const { files } = written(TEST_TOWERS.decoder!, { half: true });
    for (const path of ["model.safetensors", "2_Dense/model.safetensors"])
      for (const { dtype } of parseSafetensors(files.get(path)!).tensors.values()) expect(dtype).toBe("F16");
    expect(json(files, "config.json")).toMatchObject({ torch_dtype: "float16" });
  });

  it("has a tokenizer that gives the same ids, and names its special tokens", () => {
    const { files } = written(TEST_TOWERS["encoder, first token"]!);
    const back = loadTokenizer(json(files, "tokenizer.json"), json(files, "tokenizer_config.json"));
    const before = learned(true);
    for (const words of ["a query about tea", "", "Çay\nüç 🍵  cups", "x".repeat(100)])
      expect([...back.encode(words, 12)]).toEqual([...before.encode(words, 12)]);
    const special = { pad_token: "[PAD]", cls_token: "[CLS]", sep_token: "[SEP]" };
    expect(json(files, "special_tokens_map.json")).toEqual(special);
    expect(json(files, "tokenizer_config.json")).toMatchObject({
      ...special,
      model_max_length: 12,
      model_input_names: ["input_ids", "attention_mask"],
      padding_side: "right",
    });
    const { merges } = (json(files, "tokenizer.json") as { model: { merges: unknown[] } }).model;
    expect(merges.length).toBeGreaterThan(0);
    expect(merges.every((merge) => typeof merge === "string")).toBe(true);
  });

  it("has a model card with measured figures, in which a name cannot be markup", () => {
    const run = { ...testRun(), codeVersion: "`<b>x</b>`" };
    const card = modelCard(
      {
        system: "scalingnote",
        role: "query",
        config: TEST_TOWERS.encoder!,
        prompts: { query: "q`: ", document: "" },
        maxTokens: 12,
        half: false,
        form: "folder",
      },
      run,
    );
    expect(card).toMatch(/^---\nlibrary_name: sentence-transformers\n/);
    expect(card).toContain("| teacher | 0.800 (0.700 to 0.900) |");
    expect(card).toContain("`'<b>x</b>'`");
    expect(card).toContain("`q': `");
  });
});

describe("a tower's folder, read back", () => {
  for (const [name, config] of Object.entries(TEST_TOWERS))
    it(`${name}: has the same vectors, prompts, length and tokenizer`, async () => {
      const { files, tensors } = written(config);
      const folder = checkpointFromBlobs([...files].map(([path, data]) => ({ path: `model/${path}`, data })));
      const inspection = await inspectCheckpoint(folder);
      expect(inspection.prompts).toEqual({ query: "query: ", document: "" });
      expect(inspection.maxTokens).toBe(config.maxTokens);
      expect(inspection.ignored).toEqual([]);
      const loaded = await loadCheckpoint(folder, inspection);
      // What the weights of a lookup table or of several dense modules make is one matrix less.
      if (config.kind !== "lookup" && !config.dense) {
        expect(loaded).toEqual(tensors);
        expect({ ...config, normalise: config.normalise !== false }).toEqual({
          ...inspection.config,
          normalise: inspection.config.normalise === true,
        });
      }
      const texts = randomTexts(config, config.maxTokens);
      const back = { ...inspection.config, normalise: inspection.config.normalise === true };
      expect(largestDifference(ownVectors(back, loaded, texts), ownVectors(config, tensors, texts))).toBeLessThan(1e-6);
      const tokenizer = await checkpointTokenizer(folder, inspection);
      const words = "A query about tea, cups and ÇAY";
      expect([...tokenizer.encode(words, 12)]).toEqual([...learned(config.pooling !== "mean").encode(words, 12)]);
    });
});

const python = pythonWith("torch");

describe.skipIf(!python)("PyTorch, from the folders alone (skipped where python3 has no torch)", () => {
  it("gives our vectors to 1e-4, of every kind of tower", () => {
    const towers = Object.entries(TEST_TOWERS);
    const texts = randomTexts(towers[0]![1], 12);
    const all = towers.map(([name, config], i) => ({ name, config, folder: `tower-${i}`, ...written(config) }));
    const files = new Map(
      all.flatMap((one) => [...one.files].map(([path, data]) => [`${one.folder}/${path}`, data] as const)),
    );
    const { stdout, stderr, status } = inFolder(files, (folder) =>
      spawnSync(python!, ["scripts/golden/run_export.py", ...all.map((one) => join(folder, one.folder))], {
        input: JSON.stringify(texts.map((ids) => [...ids])),
        encoding: "utf8",
      }),
    );
    expect(status, stderr).toBe(0);
    const theirs = JSON.parse(stdout) as number[][][];
    expect(theirs).toHaveLength(towers.length);
    for (const [i, { name, config, tensors }] of all.entries())
      expect(largestDifference(theirs[i]!.flat(), ownVectors(config, tensors, texts)), name).toBeLessThan(1e-4);
  }, 120_000); // a slow disk takes long to import torch
});
