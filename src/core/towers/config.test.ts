import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Experiment, type ExperimentInput, experimentSchema } from "../config/schema";
import { LabError } from "../errors";
import { studentInitProblem, towerConfig } from "./config";
import { huggingFaceConfig, towerFromHuggingFace } from "./huggingFace";
import { countParameters } from "./parameters";
import type { TowerConfig } from "./types";

const experiment = (input: ExperimentInput = {}): Experiment => experimentSchema.parse(input);

function refusal(work: () => unknown): LabError {
  try {
    work();
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("towerConfig", () => {
  it("makes the default experiment's three towers", () => {
    const e = experiment();
    expect(towerConfig(e, "teacher")).toMatchObject({
      kind: "decoder",
      width: e.teacher.width,
      kvHeads: e.teacher.kvHeads,
    });
    expect(towerConfig(e, "student")).toMatchObject({ kind: "encoder", maxTokens: e.student.queryTokens });
    expect(towerConfig(e, "smallDocument")).toMatchObject({ kind: "encoder", maxTokens: e.student.docTokens });
    for (const role of ["teacher", "student", "smallDocument"] as const)
      expect(towerConfig(e, role).embeddingSize).toBe(e.embeddingSize);
  });

  it("gives a lookup table no layers, whatever the setting", () => {
    expect(
      towerConfig(experiment({ student: { kind: "lookup", layers: 3, width: 30, heads: 4 } }), "student").layers,
    ).toBe(0);
  });

  it("refuses in words what makes no tower", () => {
    const cases: [ExperimentInput, "teacher" | "student", RegExp][] = [
      [{ teacher: { heads: 5 } }, "teacher", /heads, 5, do not divide its width, 64/],
      [{ teacher: { kvHeads: 3 } }, "teacher", /key and value heads, 3, do not divide its heads, 4/],
      [{ teacher: { width: 12, heads: 4 } }, "teacher", /3 wide; rotary positions need an even/],
      [{ student: { layers: 0 } }, "student", /no layers/],
      [{ student: { heads: 3 } }, "student", /heads, 3, do not divide its width, 32/],
      [{ student: { kind: "decoder", width: 6, heads: 2 } }, "student", /3 wide/],
    ];
    for (const [input, role, message] of cases) {
      const error = refusal(() => towerConfig(experiment(input), role));
      expect(error.kind).toBe("bad-setting");
      expect(error.message).toMatch(message);
      expect(error.remedy).not.toBe("");
    }
    // An encoder has no rotary positions: odd heads are fine.
    expect(towerConfig(experiment({ student: { width: 6, heads: 2 } }), "student").heads).toBe(2);
  });
});

describe("studentInitProblem", () => {
  const problem = (teacher: ExperimentInput["teacher"], student: ExperimentInput["student"]) =>
    studentInitProblem(experiment({ teacher, student }));
  const decoder = { kind: "decoder", width: 64, heads: 4, init: "first-last" } as const;

  it("allows what fits", () => {
    expect(problem({}, {})).toBeNull();
    expect(problem({ layers: 4 }, { ...decoder, layers: 2 })).toBeNull();
    expect(problem({}, { width: 64, init: "embeddings" })).toBeNull();
  });

  it("says why the rest is disabled", () => {
    expect(problem({ layers: 4 }, { ...decoder, kind: "encoder" })).toMatch(/decoder student/);
    expect(problem({ layers: 4 }, { ...decoder, width: 32 })).toMatch(/width, 64/);
    expect(problem({ layers: 4 }, { ...decoder, heads: 2 })).toMatch(/heads, 4/);
    expect(problem({ layers: 4 }, { ...decoder, layers: 3 })).toMatch(/2 layers fewer than the teacher's 4/);
    expect(problem({ layers: 2 }, { ...decoder, layers: 1 })).toMatch(/at least 3 layers; this one has 2/);
    expect(problem({ layers: 4 }, { ...decoder, layers: 2, vocabulary: 1000 })).toMatch(/vocabulary/);
    expect(problem({}, { width: 32, init: "embeddings" })).toMatch(/width, 64/);
    expect(problem({}, { width: 64, vocabulary: 1000, init: "embeddings" })).toMatch(/vocabulary/);
  });
});

describe("config.json", () => {
  const towers = fc
    .record({
      kind: fc.constantFrom("decoder", "encoder", "lookup"),
      vocabulary: fc.integer({ min: 1, max: 60_000 }),
      heads: fc.integer({ min: 1, max: 8 }),
      group: fc.integer({ min: 1, max: 4 }),
      half: fc.integer({ min: 1, max: 32 }),
      layers: fc.integer({ min: 1, max: 12 }),
      hidden: fc.integer({ min: 1, max: 4096 }),
      maxTokens: fc.integer({ min: 1, max: 512 }),
      pooling: fc.constantFrom("mean", "last", "cls"),
      embeddingSize: fc.integer({ min: 1, max: 1024 }),
    } as const)
    .map(
      ({ group, half, ...c }): TowerConfig => ({
        ...c,
        heads: c.heads * group,
        width: c.heads * group * half * 2,
        layers: c.kind === "lookup" ? 0 : c.layers,
        kvHeads: c.kind === "decoder" ? c.heads : c.heads * group,
      }),
    );

  const others = fc.record({
    eps: fc.constantFrom(1e-5, 1e-6, 1e-12),
    ropeTheta: fc.constantFrom(10_000, 1_000_000),
    ropeScaling: fc.constantFrom(undefined, { factor: 8, slow: 1, fast: 4, originalTokens: 8192 }),
    headSize: fc.constantFrom(undefined, 128),
    attentionBias: fc.constantFrom(undefined, "qkv" as const, "all" as const),
    qkNorm: fc.boolean(),
    typeVocabulary: fc.constantFrom(1, 2),
    activation: fc.constantFrom("gelu" as const, "gelu-tanh" as const, "relu" as const),
    dense: fc.constantFrom(undefined, 7),
    projection: fc.boolean(),
    normalise: fc.boolean(),
  });
  /** With what it has of a real checkpoint's, each left out where it is what it would be anyway. */
  const real = fc
    .tuple(towers, others)
    .map(([c, o]): TowerConfig => {
      const decoder = c.kind === "decoder";
      const encoder = c.kind === "encoder";
      const dense = o.dense && [{ in: c.width, out: o.dense, bias: true, activation: "tanh" as const }];
      const usual = decoder ? 1e-6 : 1e-12;
      return {
        ...c,
        ...((decoder || encoder) && o.eps !== usual ? { eps: o.eps } : {}),
        ...(decoder && o.ropeTheta !== 10_000 ? { ropeTheta: o.ropeTheta } : {}),
        ...(decoder && o.ropeScaling ? { ropeScaling: o.ropeScaling } : {}),
        ...(decoder && o.headSize && o.headSize !== c.width / c.heads ? { headSize: o.headSize } : {}),
        ...(decoder && o.attentionBias && !(o.qkNorm && o.attentionBias === "qkv")
          ? { attentionBias: o.attentionBias }
          : {}),
        ...(decoder && o.qkNorm ? { qkNorm: true, headSize: o.headSize ?? 64 } : {}),
        ...(encoder && o.typeVocabulary !== 1 ? { typeVocabulary: o.typeVocabulary } : {}),
        ...(encoder && o.activation !== "gelu" ? { activation: o.activation } : {}),
        ...(dense ? { dense } : {}),
        ...(o.projection ? {} : { projection: false, embeddingSize: dense ? 7 : c.width }),
        ...(o.normalise ? { normalise: true } : {}),
      };
    })
    .map((c) => {
      if (c.headSize !== c.width / c.heads) return c;
      const { headSize: _, ...rest } = c;
      return rest;
    });

  it("reads back what a real checkpoint has too", () => {
    fc.assert(
      fc.property(real, (config) => {
        expect(towerFromHuggingFace(JSON.parse(JSON.stringify(huggingFaceConfig(config))))).toEqual(config);
      }),
    );
  });

  it("reads back what it wrote, through JSON, for every tower", () => {
    fc.assert(
      fc.property(towers, (config) => {
        expect(towerFromHuggingFace(JSON.parse(JSON.stringify(huggingFaceConfig(config))))).toEqual(config);
      }),
    );
  });

  it("takes any JSON and either reads it or says in words what is wrong", () => {
    const written = huggingFaceConfig(towerConfig(experiment(), "teacher"));
    const broken = fc
      .tuple(fc.constantFrom(...Object.keys(written)), fc.jsonValue())
      .map(([key, value]) => ({ ...written, [key]: value }));
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), broken), (json) => {
        try {
          expect(countParameters(towerFromHuggingFace(json)).total).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(LabError);
          expect((error as LabError).kind).toBe("bad-input");
        }
      }),
    );
  });

  it("names what it cannot compute with", () => {
    const llama = huggingFaceConfig(towerConfig(experiment(), "teacher"));
    const bert = huggingFaceConfig(towerConfig(experiment(), "student"));
    const cases: [unknown, RegExp][] = [
      [null, /JSON object/],
      [{}, /model_type is missing/],
      [{ ...llama, model_type: "constructor" }, /model_type "constructor"/],
      [{ ...llama, rope_scaling: { rope_type: "yarn", factor: 4 } }, /rope_scaling of type "yarn"/],
      [{ ...llama, mlp_bias: true }, /mlp_bias is true/],
      [{ ...llama, layer_types: ["sliding_attention"] }, /full attention/],
      [{ ...llama, num_key_value_heads: 3 }, /do not divide/],
      [{ ...llama, hidden_size: 0 }, /hidden_size is not a whole number/],
      [{ ...llama, scalingnote: undefined }, /pooling and embedding size/],
      [{ ...llama, scalingnote: { pooling: "max", embedding_size: 4 } }, /pooling is not/],
      [{ ...llama, scalingnote: { pooling: "mean", embedding_size: 0.5 } }, /embedding_size/],
      [{ ...bert, hidden_act: "quick_gelu" }, /hidden_act is "quick_gelu"/],
      [{ ...bert, position_embedding_type: "relative_key" }, /position_embedding_type/],
      [{ ...bert, scalingnote: { pooling: "cls", embedding_size: 4, projection: false } }, /embedding size is 4/],
    ];
    for (const [json, message] of cases) {
      const error = refusal(() => towerFromHuggingFace(json));
      expect(error.kind).toBe("bad-input");
      expect(error.message).toMatch(message);
    }
  });
});
