import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LabError } from "../errors";
import { parseSafetensors } from "../formats/safetensors";
import { blobs, goldenFiles } from "./golden.test-helper";
import { checkpointTokenizer, inspectCheckpoint, loadCheckpoint } from "./index";

const set = (changes: object) => (json: object) => ({ ...json, ...changes });

/** A safetensors file with its header changed. */
function reheaded(bytes: Uint8Array, change: (header: Record<string, { dtype: string; shape: number[] }>) => void) {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  change(header);
  const text = new TextEncoder().encode(JSON.stringify(header));
  const made = new Uint8Array(8 + text.length + bytes.length - 8 - length);
  new DataView(made.buffer).setBigUint64(0, BigInt(text.length), true);
  made.set(text, 8);
  made.set(bytes.subarray(8 + length), 8 + text.length);
  return made;
}

describe("a checkpoint", () => {
  it("is described from the beginnings of its files", async () => {
    const all = blobs(goldenFiles("bert"));
    const read: [string, number, number][] = [];
    const watched = {
      ...all,
      read: (path: string, from = 0, to = Number.POSITIVE_INFINITY) => {
        if (path.endsWith(".safetensors")) read.push([path, from, to]);
        return all.read(path, from, to === Number.POSITIVE_INFINITY ? undefined : to);
      },
    };
    const found = await inspectCheckpoint(watched);
    expect(found).toMatchObject({ modelType: "bert", saysVectors: true, tokenizer: null, maxTokens: 12 });
    expect(found.ignored).toEqual([
      "bert.pooler.dense.weight",
      "bert.pooler.dense.bias",
      "cls.predictions.bias",
      "bert.embeddings.position_ids",
    ]);
    expect(found.parameters.total).toBe(
      found.tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    );
    expect(found.bytes.gpu).toBe(4 * found.parameters.total);
    expect(found.bytes.gpuHalf).toBeLessThan(0.75 * found.bytes.gpu);
    expect(found.dtypes).toEqual({ F32: 1 });
    // These files are smaller than what is read of one at first.
    expect(read.every(([, from, to]) => from === 0 && to <= 65_536)).toBe(true);
  });

  it("has the prompts of sentence-transformers, and its limit", async () => {
    const prompts = async (json: unknown) =>
      (await inspectCheckpoint(blobs(goldenFiles("bert", { "config_sentence_transformers.json": json })))).prompts;
    expect(await prompts({})).toEqual({ query: "", document: "" });
    expect(await prompts({ prompts: { query: "q: ", passage: "p: " } })).toEqual({ query: "q: ", document: "p: " });
    expect(await prompts({ prompts: { all: "a: ", document: "d: " }, default_prompt_name: "all" })).toEqual({
      query: "a: ",
      document: "d: ",
    });
    const short = await inspectCheckpoint(
      blobs(goldenFiles("bert", { "sentence_bert_config.json": { max_seq_length: 8, do_lower_case: true } })),
    );
    expect(short.maxTokens).toBe(8);
    const nothing = goldenFiles("bert", { "tokenizer.json": {}, "tokenizer_config.json": { model_max_length: 0.4 } });
    expect((await inspectCheckpoint(blobs(nothing))).maxTokens).toBeGreaterThan(0);
  });

  it("takes the pooling that is asked for where it says nothing, and says so", async () => {
    const found = await inspectCheckpoint(blobs(goldenFiles("llama")), { pooling: "last" });
    expect(found.config).toMatchObject({ pooling: "last", projection: false, embeddingSize: 16 });
    expect(found.notes.join()).toMatch(/nothing of pooling: the last token/);
    expect((await inspectCheckpoint(blobs(goldenFiles("qwen2")), { pooling: "cls" })).config.pooling).toBe("last");
  });

  const refused: [string, string, Record<string, unknown>, RegExp, RegExp?][] = [
    [
      "another architecture",
      "bert",
      { "config.json": set({ model_type: "t5" }) },
      /model_type "t5"/,
      /It reads bert, llama, qwen2, qwen3/,
    ],
    ["no configuration", "bert", { "config.json": null }, /no config.json/],
    [
      "a configuration that is no JSON",
      "bert",
      { "config.json": new Uint8Array([123, 34]) },
      /config.json is not JSON/,
    ],
    [
      "another pooling",
      "bert",
      { "1_Pooling/config.json": { pooling_mode_max_tokens: true } },
      /pooling max_tokens/,
      /another checkpoint/,
    ],
    [
      "two poolings",
      "bert",
      { "1_Pooling/config.json": { pooling_mode_cls_token: true, pooling_mode_mean_tokens: true } },
      /side by side/,
    ],
    ["no pooling", "bert", { "1_Pooling/config.json": {} }, /no pooling is chosen/],
    [
      "a module of another kind",
      "bert",
      {
        "modules.json": [
          { type: "sentence_transformers.models.Transformer", path: "" },
          { type: "x.LSTM", path: "1" },
        ],
      },
      /module LSTM/,
    ],
    [
      "another activation",
      "bert",
      { "2_Dense/config.json": set({ activation_function: "torch.nn.modules.activation.Mish" }) },
      /activation Mish/,
    ],
    [
      "a Dense module of another width",
      "bert",
      { "2_Dense/config.json": set({ in_features: 20 }) },
      /takes 20 numbers; before it come 16/,
    ],
    [
      "a folder that modules.json names and that is not there",
      "bert",
      { "3_Dense/model.safetensors": null },
      /no 3_Dense\/model.safetensors/,
    ],
    [
      "weights of another format",
      "bert-relu",
      { "model.safetensors": null, "pytorch_model.bin": new Uint8Array(4) },
      /only pytorch_model.bin/,
      /save_pretrained/,
    ],
    [
      "a million million layers",
      "bert",
      { "config.json": set({ num_hidden_layers: 1e12 }) },
      /num_hidden_layers is 1000000000000; it can be 1000 at most/,
    ],
    [
      "heads that do not divide a width of 2^40",
      "bert",
      { "config.json": set({ hidden_size: 2 ** 40, num_attention_heads: 3 }) },
      /heads, 3, do not divide/,
    ],
    [
      "a wider configuration",
      "bert-relu",
      { "config.json": set({ intermediate_size: 32 }) },
      /intermediate.dense.weight is 24 x 16 in model.safetensors; config.json asks for 32 x 16/,
    ],
    [
      "more layers",
      "bert-relu",
      { "config.json": set({ num_hidden_layers: 3 }) },
      /Tensor 0.auto_model.encoder.layer.2.attention.self.query.weight, 16 x 16, is missing/,
    ],
    ["fewer layers", "bert-relu", { "config.json": set({ num_hidden_layers: 1 }) }, /layer.1.* has no place in a bert/],
    [
      "biases that the configuration does not have",
      "llama",
      { "config.json": set({ attention_bias: false }) },
      /q_proj.bias, 16, has no place in a llama/,
    ],
    [
      "a shard that is not there",
      "qwen2",
      { "model-00002-of-00002.safetensors": null },
      /model-00002-of-00002.safetensors is missing/,
    ],
    [
      "an index that promises too much",
      "qwen2",
      {
        "model.safetensors.index.json": (json: { weight_map: object }) => ({
          weight_map: { ...json.weight_map, "model.x": "model-00001-of-00002.safetensors" },
        }),
      },
      /has no tensor model.x/,
    ],
    [
      "stretched positions of another kind",
      "llama",
      { "config.json": set({ rope_scaling: { type: "yarn", factor: 2 } }) },
      /rope_scaling of type "yarn"/,
    ],
    ["a decoder that looks ahead", "qwen2", { "config.json": set({ is_causal: false }) }, /is_causal is false/],
    ["windows", "qwen2", { "config.json": set({ use_sliding_window: true }) }, /use_sliding_window is true/],
  ];
  it.each(refused)("is refused: %s", async (_, name, changes, message, remedy = /./) => {
    const error = await inspectCheckpoint(blobs(goldenFiles(name, changes))).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(LabError);
    expect(error).toMatchObject({
      kind: "bad-input",
      message: expect.stringMatching(message),
      remedy: expect.stringMatching(remedy),
    });
  });

  it("is refused with numbers that a tower cannot use, by tensor and type", async () => {
    const whole = goldenFiles("bert-relu")["model.safetensors"]!;
    const ints = reheaded(whole, (header) => {
      header["0.auto_model.embeddings.LayerNorm.weight"]!.dtype = "I16";
    });
    await expect(inspectCheckpoint(blobs(goldenFiles("bert-relu", { "model.safetensors": ints })))).rejects.toThrow(
      /Tensor 0.auto_model.embeddings.LayerNorm.weight is of type I16/,
    );
  });

  it("is refused where its weights hold what is no number", async () => {
    const whole = goldenFiles("bert")["model.safetensors"]!.slice();
    const { tensors } = parseSafetensors(whole);
    tensors.get("bert.encoder.layer.0.output.dense.bias")!.data.set([0, 0, 0xc0, 0x7f], 8);
    const all = blobs(goldenFiles("bert", { "model.safetensors": whole }));
    await expect(loadCheckpoint(all, await inspectCheckpoint(all))).rejects.toThrow(
      /bert.encoder.layer.0.output.dense.bias holds NaN at place 2/,
    );
  });

  it("is either read or refused in words, whatever its configuration holds", async () => {
    const names = [
      "config.json",
      "modules.json",
      "1_Pooling/config.json",
      "2_Dense/config.json",
      "config_sentence_transformers.json",
      "sentence_bert_config.json",
    ];
    const keys = [
      "model_type",
      "hidden_size",
      "num_attention_heads",
      "in_features",
      "prompts",
      "max_seq_length",
      "rope_scaling",
      "type_vocab_size",
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.constantFrom(null, ...keys),
        fc.jsonValue(),
        async (path, key, value) => {
          const changed = goldenFiles("bert", { [path]: key === null ? () => value : set({ [key]: value }) });
          try {
            await inspectCheckpoint(blobs(changed));
          } catch (error) {
            expect(error).toBeInstanceOf(LabError);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it("has no tokenizer, or one with more tokens than it has vectors: told when texts are to be read", async () => {
    const without = blobs(goldenFiles("bert"));
    await expect(checkpointTokenizer(without, await inspectCheckpoint(without))).rejects.toThrow(/no tokenizer.json/);
    const vocab = Object.fromEntries(Array.from({ length: 41 }, (_, i) => [`w${i}`, i]));
    const tokenizer = { added_tokens: [], model: { type: "WordPiece", unk_token: "w0", vocab } };
    const more = blobs(goldenFiles("bert", { "tokenizer.json": tokenizer }));
    await expect(checkpointTokenizer(more, await inspectCheckpoint(more))).rejects.toThrow(
      /ids up to 40, the model vectors for 40/,
    );
  });
});
