/** The further losses of stage 2: against their definitions in float64, by central differences; against PyTorch's numbers. */
import type { Scalar, Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { expectTwin, noisy, relativeError, useCpu } from "../../gpu/testFloat64";
import { experimentSchema } from "../config/schema";
import golden from "./golden.json";
import { LOSS_TERMS, termsOf, termValues } from "./index";
import { TERM_REFERENCES } from "./reference";
import { type LossTerm, prefix, prefixSizes, type TermInputs } from "./term";

useCpu();

const [ROWS, COLUMNS, SIZE] = [3, 5, 4];
const COUNTS = [1, 0, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1];
const LABELLED = [1.5, 0, 1.5];
const DOCUMENTS = noisy(3, [COLUMNS, SIZE], 2);
const TEACHER = noisy(2, [ROWS, SIZE], 3);
const NUMBERS: Record<string, number> = {
  klTeacherTemperature: 0.4,
  klStudentTemperature: 0.3,
  infoNceTemperature: 0.2,
};

interface Shape {
  from: number;
  count: number;
}

function inputsOf(student: Tensor2D, { from, count }: Shape): TermInputs {
  return {
    student,
    teacher: tf.tensor2d(TEACHER.values, [ROWS, SIZE]),
    scored: {
      documents: tf.tensor2d(DOCUMENTS.values, [COLUMNS, SIZE]),
      distributionFrom: from,
      distribution: count,
      first: 0,
      counts: tf.tensor2d(COUNTS, [ROWS, COLUMNS]),
      labelled: tf.tensor1d(LABELLED),
    },
  };
}

const onHost = ({ from, count }: Shape) => ({
  ...{ size: SIZE, teacher: TEACHER.values, documents: DOCUMENTS.values, counts: COUNTS, labelled: LABELLED },
  ...{ distributionFrom: from, distribution: count },
});
const numbersOf = (term: LossTerm, from: Record<string, number>) => term.numbers.map((name) => from[name]!);

describe.each(LOSS_TERMS.map((term) => [term.name, term] as const))("%s", (name, term) => {
  for (const [words, shape] of Object.entries({
    "all documents": { from: 0, count: COLUMNS },
    "the sampled ones": { from: ROWS, count: COLUMNS - ROWS },
  }))
    it(`is its definition over ${words}, the gradient too`, () => {
      expectTwin(
        ({ s }) =>
          term.rows(
            inputsOf(s as Tensor2D, shape),
            numbersOf(term, NUMBERS).map((x) => tf.scalar(x)),
          ),
        ({ s }) => Float64Array.from(TERM_REFERENCES[name]!(s!, numbersOf(term, NUMBERS), onHost(shape))),
        { s: noisy(1, [ROWS, SIZE]) },
      );
    });

  it("is 0 with no gradient where the student has the teacher's vectors and temperature, but for InfoNCE", () => {
    const same = { ...NUMBERS, klStudentTemperature: NUMBERS.klTeacherTemperature! };
    const gradient = gradientOf(term, [...TEACHER.values], numbersOf(term, same));
    if (name === "infoNce") expect(Math.max(...gradient.map(Math.abs))).toBeGreaterThan(1e-3);
    else for (const g of gradient) expect(g).toBeCloseTo(0, 5);
  });

  it("asks for settings that exist, with a weight of 0 unless it is set", () => {
    const { stage2 } = experimentSchema.parse({});
    expect(stage2[term.weight]).toBe(0);
    for (const number of term.numbers) expect(stage2[number]).toBeGreaterThan(0);
    expect(termsOf([stage2, { [term.weight]: 2 }])).toEqual([term]);
    expect(termValues([term], stage2)).toEqual([0, ...numbersOf(term, stage2 as unknown as Record<string, number>)]);
  });
});

function gradientOf(term: LossTerm, student: number[], numbers: readonly number[]): number[] {
  return tf.tidy(() => [
    ...tf
      .grad((s) =>
        tf.mean(
          term.rows(
            inputsOf(s as Tensor2D, { from: 0, count: COLUMNS }),
            numbers.map((x) => tf.scalar(x)),
          ),
        ),
      )(tf.tensor2d(student, [ROWS, SIZE]))
      .dataSync(),
  ]);
}

describe("against PyTorch", () => {
  for (const [words, expected] of Object.entries(golden.cases))
    it(words, () => {
      const term = LOSS_TERMS.find(({ name }) => words.startsWith(name))!;
      const { rows, size, columns } = golden;
      const sampled = words.includes("sampled");
      const sizes = words.includes("Matryoshka") ? prefixSizes(size, 1) : [size];
      const loss = (s: Tensor) =>
        sizes
          .map((length): Scalar => {
            const scored = {
              documents: prefix(tf.tensor2d(golden.documents, [columns, size]), length),
              distributionFrom: sampled ? rows : 0,
              distribution: sampled ? columns - rows : columns,
              first: 0,
              counts: tf.tensor2d(golden.counts, [rows, columns]),
              labelled: tf.tensor1d(golden.labelled) as Tensor1D,
            };
            const teacher = prefix(tf.tensor2d(golden.teacher, [rows, size]), length);
            const numbers = numbersOf(term, golden.numbers).map((x) => tf.scalar(x));
            return tf.mean(term.rows({ student: prefix(s as Tensor2D, length), teacher, scored }, numbers));
          })
          .reduce((a, b) => tf.add(a, b));
      const [value, gradient] = tf.tidy(() => {
        const made = tf.valueAndGrad(loss)(tf.tensor2d(golden.student, [rows, size]));
        return [made.value.dataSync().slice(), made.grad.dataSync().slice()];
      }) as unknown as [Float32Array, Float32Array];
      expect(value[0]! / expected.value).toBeCloseTo(1, 5);
      expect(relativeError(gradient, expected.gradient)).toBeLessThan(1e-5);
    });
});

describe("prefixes", () => {
  it("halve the size, no size twice", () => {
    expect(prefixSizes(64, 0)).toEqual([64]);
    expect(prefixSizes(64, 3)).toEqual([64, 32, 16, 8]);
    expect(prefixSizes(5, 5)).toEqual([5, 2, 1]);
  });
});
