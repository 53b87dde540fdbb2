/** Settings of the towers: each has its own tokenizer, lengths, prompt and pooling. A part of the experiment schema. */
import { z } from "zod";
import { choice, flag, METHOD, OURS, text, whole } from "./setting";

const pooling = (value: "mean" | "last" | "cls") =>
  choice({
    default: value,
    choices: { mean: "mean of tokens", last: "last token", cls: "first token" },
    label: "Pooling",
    help: "Which of the tower's states become the vector.",
    source: "sentence-transformers",
  });

/** What every tower has, each its own: QKD needs only text and vectors in common. */
const towerCommon = (d: { queryTokens: number; docTokens: number }) => ({
  vocabulary: whole({
    default: 6144,
    min: 300,
    max: 50_000,
    log: true,
    label: "Vocabulary",
    unit: "tokens",
    help: "Size of the byte-level BPE vocabulary learned from the corpus.",
    source: OURS,
  }),
  queryTokens: whole({
    default: d.queryTokens,
    min: 4,
    max: 256,
    log: true,
    label: "Longest query",
    unit: "tokens",
    help: "Queries are cut here.",
    source: OURS,
  }),
  docTokens: whole({
    default: d.docTokens,
    min: 8,
    max: 512,
    log: true,
    label: "Longest document",
    unit: "tokens",
    help: "Documents are cut here.",
    source: OURS,
  }),
  prompt: text({
    default: "",
    maxLength: 1000,
    label: "Prompt",
    help: "Put before every query, in the manner of NoteLLM. Empty: a checkpoint's own, else none.",
    source: "NoteLLM, arXiv 2403.01744",
  }),
  docPrompt: text({
    default: "",
    maxLength: 1000,
    label: "Document prompt",
    help: "Put before every document. Empty: a checkpoint's own, else none.",
    source: "sentence-transformers",
  }),
  checkpoint: text({
    default: "",
    maxLength: 500,
    label: "Start from",
    help: "A Hugging Face checkpoint that the tower starts from: its shape, tokenizer and prompts are taken, and the settings of shape and vocabulary are not used. Empty: a tower of the shape below.",
    source: OURS,
  }),
  checkpointTakes: choice({
    default: "all",
    choices: { all: "all its values", words: "its token embeddings" },
    label: "Takes of it",
    help: "All values keep what it has learned and take a low rate. Token embeddings alone, centred and whitened, in layers that add nothing at first, train as a fresh tower does: for small language models.",
    source: OURS,
  }),
});

/** The two big towers of stage 1. */
export const teacher = z
  .object({
    width: whole({
      default: 64,
      min: 8,
      max: 512,
      log: true,
      label: "Teacher width",
      unit: "units",
      help: "Size of the teacher's hidden states.",
      source: METHOD,
    }),
    layers: whole({
      default: 1,
      min: 1,
      max: 12,
      label: "Teacher layers",
      unit: "layers",
      help: "Transformer layers in each of the two teacher towers.",
      source: METHOD,
    }),
    heads: whole({
      default: 4,
      min: 1,
      max: 32,
      label: "Attention heads",
      unit: "heads",
      help: "Must divide the width.",
      source: "Llama",
    }),
    kvHeads: whole({
      default: 2,
      min: 1,
      max: 32,
      label: "Key and value heads",
      unit: "heads",
      help: "Grouped-query attention: must divide the heads.",
      source: "Llama",
    }),
    pooling: pooling("mean"),
    ...towerCommon({ queryTokens: 24, docTokens: 64 }),
    sharedTowers: flag({
      default: false,
      label: "Share the towers",
      help: "One set of weights for queries and documents. What a text of one side teaches, the other knows too: worth most where labels are scarce.",
      source: OURS,
    }),
    half: flag({
      default: false,
      label: "Frozen teacher as half floats",
      help: "After stage 1 nothing trains the teacher any more: its matrices then take half the memory, rounded to 3 or 4 digits. What that changes of its vectors is measured and shown with the index. Its checkpoint keeps all digits. Needs this program's own kernels.",
      source: OURS,
    }),
  })
  .prefault({});

/** The small query tower, and the small towers of the baselines. */
export const student = z
  .object({
    kind: choice({
      default: "encoder",
      choices: { encoder: "encoder (BERT)", decoder: "decoder (Llama)", lookup: "lookup table" },
      label: "Student kind",
      help: "The small query tower's architecture. TwinBERT and ScalingDoc use the same.",
      source: METHOD,
    }),
    width: whole({
      default: 32,
      min: 4,
      max: 512,
      log: true,
      label: "Student width",
      unit: "units",
      help: "Size of the student's hidden states.",
      source: METHOD,
    }),
    layers: whole({
      default: 1,
      min: 0,
      max: 12,
      label: "Student layers",
      unit: "layers",
      help: "Transformer layers of the student. A lookup table has none.",
      source: METHOD,
    }),
    heads: whole({
      default: 2,
      min: 1,
      max: 32,
      label: "Attention heads",
      unit: "heads",
      help: "Must divide the width.",
      source: "BERT",
    }),
    pooling: pooling("mean"),
    ...towerCommon({ queryTokens: 24, docTokens: 64 }),
    ownSize: whole({
      default: 0,
      min: 0,
      max: 1024,
      label: "Own vector size",
      unit: "dimensions",
      help: "Where it differs from the embedding size, a matrix learned in stage 2 takes the student's vectors to the teacher's size. After training it is multiplied into the student's last matrix, so the checkpoint has the embedding size. 0: the same size.",
      source: "LEAF, arXiv 2509.12539",
    }),
    init: choice({
      default: "random",
      choices: {
        random: "random",
        "first-last": "teacher's first and last layers",
        first: "teacher's first layers",
        last: "teacher's last layers",
        embeddings: "teacher's token embeddings",
      },
      label: "Student starts from",
      help: "The teacher's layers need a decoder student of its width with at least 2 fewer: half of them from each end, or one block of them. Embeddings need the teacher's width and tokenizer.",
      source: "Wang & Lyu 2023",
    }),
  })
  .prefault({});
