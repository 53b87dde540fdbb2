import { describe, expect, it } from "vitest";
import { fusedOps } from "../../gpu/fusedOps";
import { useGpu } from "../../gpu/testGpu";
import { memoryStore } from "../artifacts/store";
import { checkpointFromBlobs, checkpointTokenizer, inspectCheckpoint, loadCheckpoint } from "../checkpoints";
import { presetExperiment } from "../config/presets";
import type { PretrainSettings } from "../config/pretrain";
import { notesThreads } from "../data/notes/pretraining";
import { parseSafetensors, readSafetensors } from "../formats/safetensors";
import { readState } from "../training/state";
import { createControl } from "./control";
import { languageFolder, listed } from "./languageFolder";
import { pretrain, STATE_FILE } from "./pretrain";

const gpu = useGpu();
const texts = [...notesThreads(presetExperiment("tiny").data.notes, 3, 300)];
const settings: PretrainSettings = {
  size: "0.1m",
  vocabulary: 400,
  length: 24,
  batch: 4,
  steps: 12,
  learningRate: 5e-3,
  embeddingRate: 5e-3,
  seed: 3,
};
const facts = {
  name: "try",
  data: "Threads.",
  licence: "apache-2.0",
  command: "npm run lab -- pretrain --size 0.1m",
  adapter: "an adapter",
  codeVersion: "a version",
};
const options = () => ({ gpu: gpu(), ops: fusedOps, texts, settings, saveEvery: 1000 });

describe("pretrain", () => {
  it("learns; stopped and gone on with it is the same, bit for bit; and the folder holds what it says", async () => {
    const whole = await pretrain({ ...options(), store: memoryStore(), control: createControl() });
    const { record } = whole;
    expect(record.perplexity).toBeLessThan(400);
    expect(record.validation[0]!.perplexity).toBeGreaterThan(record.perplexity);
    expect(record.tokensSeen).toBe(12 * 4 * 24);

    const store = memoryStore();
    const control = createControl();
    const stopped = pretrain({
      ...options(),
      store: {
        ...store,
        write: async (path, bytes) => {
          await store.write(path, bytes);
          if (path === STATE_FILE) control.stop();
        },
      },
      control,
      onPoints: (_losses, _validation, done) => {
        if (done >= 5) control.pause(); // saves
      },
    });
    await expect(stopped).rejects.toMatchObject({ kind: "stopped" });
    expect(await store.list("state/")).toHaveLength(2);
    const other = { ...settings, learningRate: 4e-3 };
    await expect(pretrain({ ...options(), settings: other, store, control: createControl() })).rejects.toMatchObject({
      kind: "bad-input",
    });
    const state = (await store.read("state/pretrain.safetensors"))!;
    const kept = (await store.read("state/settings.json"))!;
    const resumed = await pretrain({ ...options(), store, control: createControl() });
    expect(resumed.parameters).toEqual(whole.parameters);
    expect(resumed.record.perplexity).toBe(record.perplexity);
    expect(await store.list("")).toEqual([]);

    // Regretted: fewer steps than it was begun with.
    const shorter = memoryStore();
    await shorter.write("state/pretrain.safetensors", state);
    await shorter.write("state/settings.json", kept);
    const short = await pretrain({
      ...options(),
      settings: { ...settings, steps: 8 },
      store: shorter,
      control: createControl(),
    });
    const from = readState(state).step + 1;
    expect(short.record.schedule).toEqual([
      { steps: 12, from: 1 },
      { steps: 8, from },
    ]);
    expect(short.record.losses.at(-1)!.step).toBe(8);
    const shortCard = new TextDecoder().decode(languageFolder(short, facts).get("README.md"));
    expect(shortCard).toContain(`of 8 steps from step ${from} on`);

    const files = languageFolder(whole, facts);
    const json = (name: string) => JSON.parse(new TextDecoder().decode(files.get(name))) as Record<string, unknown>;
    expect(json("config.json")).toMatchObject({
      architectures: ["LlamaForCausalLM"],
      tie_word_embeddings: true,
      torch_dtype: "float16",
      bos_token_id: 2,
      eos_token_id: 2,
    });
    const weights = files.get("model.safetensors")!;
    const { tensors, metadata } = readSafetensors(weights);
    expect(new Set([...parseSafetensors(weights).tensors.values()].map(({ dtype }) => dtype))).toEqual(
      new Set(["F16"]),
    );
    // What is measured is what is in the file.
    expect(tensors).toEqual(new Map([...whole.parameters].sort(([a], [b]) => (a < b ? -1 : 1))));
    expect(metadata["seed"]).toBe("3");
    // It loads as any checkpoint does, and is a bare language model there.
    const folder = checkpointFromBlobs([...files].map(([path, data]) => ({ path, data })));
    const inspection = await inspectCheckpoint(folder);
    expect(inspection).toMatchObject({
      modelType: "llama",
      saysVectors: false,
      config: { ...whole.config, pooling: "mean" },
    });
    expect(inspection.parameters.withoutEmbeddings).toBe(record.withoutEmbeddings);
    const loaded = await loadCheckpoint(folder, inspection);
    for (const [name, { values }] of whole.parameters) expect(loaded.get(name)?.values, name).toEqual(values);
    const tokenizer = await checkpointTokenizer(folder, inspection);
    expect([...tokenizer.encode("a bench", 9)]).toEqual([...whole.tokenizer.encode("a bench", 9)]);
    const card = new TextDecoder().decode(files.get("README.md"));
    for (const words of [facts.command, facts.adapter, facts.data, record.perplexity.toFixed(2), "Seed | 3"])
      expect(card).toContain(words);
    const list = listed([{ ...listed([], "larger", record, files)[0]!, parameters: 1e9 }], "try", record, files);
    expect(list.map(({ name }) => name)).toEqual(["try", "larger"]);
    expect(listed(list, "try", record, files)).toEqual(list);
  }, 120_000);

  it("says when there is too little text", async () => {
    await expect(
      pretrain({ ...options(), texts: ["A bench.", "A lamp."], store: memoryStore(), control: createControl() }),
    ).rejects.toMatchObject({ kind: "bad-input" });
  });
});
