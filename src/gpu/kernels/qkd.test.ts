import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { qkdLoss } from "../../core/objectives/qkd";
import { readTensors } from "../step";
import { useGpu } from "../testGpu";
import { expectDifferences, expectSame, expectSamePass, noisy } from "./checkOp";
import { qkdKernel } from "./qkd";

const gpu = useGpu();
type Xs = Record<string, Tensor>;
const WEIGHTS = [0.7, 1.3];
const teacherOf = (rows: number, size: number) => tf.tensor2d(noisy(9, [rows, size], 2).values, [rows, size]);

for (const mseOn of ["raw", "normalised"] as const)
  for (const mseReduce of ["mean", "sum"] as const)
    describe(`qkdKernel, ${mseOn}, ${mseReduce}`, () => {
      const options = { mseOn, mseReduce };
      const own = ({ student }: Xs) =>
        qkdKernel(
          student as Tensor2D,
          teacherOf(...(student!.shape as [number, number])),
          tf.tensor1d(WEIGHTS) as Tensor1D,
          options,
        );
      const plain = ({ student }: Xs) =>
        qkdLoss(student as Tensor2D, teacherOf(...(student!.shape as [number, number])), {
          ...options,
          mseWeight: tf.scalar(WEIGHTS[0]!),
          cosineWeight: tf.scalar(WEIGHTS[1]!),
        });
      for (const [rows, size] of [
        [1, 1],
        [3, 5],
        [32, 64],
        [33, 7],
        [100, 130],
      ] as const)
        it(`${rows} rows of ${size}`, async () => {
          const inputs = { student: noisy(1, [rows, size]) };
          // Of vectors of one value nothing but rounding is left of the cosine's gradient.
          const tolerance = size === 1 ? 1e-2 : 1e-5;
          await expectSame(
            gpu(),
            (xs) => own(xs).loss,
            (xs) => plain(xs).loss,
            inputs,
            tolerance,
          );
          await expectSamePass(
            gpu(),
            (xs) => own(xs).loss,
            (xs) => plain(xs).loss,
            inputs,
            tolerance,
          );
        });

      it("has the same terms", async () => {
        const found = tf.tidy(() => {
          const xs = { student: tf.tensor2d(noisy(1, [9, 12]).values, [9, 12]) };
          return [own(xs).terms, plain(xs).terms].flatMap(({ mse, cosine }) => [mse, cosine]);
        });
        const [mse, cosine, plainMse, plainCosine] = (await readTensors(gpu(), found)).map((x) => x[0]!);
        expect(mse).toBeCloseTo(plainMse!, 5);
        expect(cosine).toBeCloseTo(plainCosine!, 6);
        tf.dispose(found);
      });

      it("agrees with differences", () =>
        expectDifferences(gpu(), (xs) => own(xs).loss, { student: noisy(1, [2, 3]) }));
    });
