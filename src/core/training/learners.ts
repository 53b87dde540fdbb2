/**
 * Who learns in a step: one student, whose tensors are as a checkpoint has them, or several side by side, whose tensors
 * have a leading dimension for the student and whose rows lie one under the other.
 */
import type { Scalar, Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { ofEach, rowsOfEach } from "../../gpu/kernels/models";
import type { Tower } from "../towers/device";

export interface Learners<Student> {
  each: readonly Student[];
  /** The shape of what each has, given one's. */
  shape(one: readonly number[]): number[];
  /** Each one's rows. */
  split(rows: Tensor2D): Tensor2D[];
  /** Each one's number, and one tensor of such numbers. */
  numbers(all: Tensor): Scalar[];
  join(each: readonly Scalar[]): Tensor;
}

export const alone = <Student>(student: Student): Learners<Student> => ({
  each: [student],
  shape: (one) => [...one],
  split: (rows) => [rows],
  numbers: (all) => [all as Scalar],
  join: (each) => each[0]!,
});

/** @param towers theirs, as `uploadStudents` made them. @throws Error where those are of another number of students */
export function sideBySide<Student>(students: readonly Student[], towers: readonly Tower[]): Learners<Student> {
  const { length } = students;
  for (const tower of towers)
    if (tower.students !== length)
      throw new Error(`${length} students to train, but towers of ${tower.students ?? "one that stands alone"}`);
  return {
    each: students,
    shape: (one) => [length, ...one],
    split: (rows) => rowsOfEach(rows, length),
    numbers: (all) => ofEach(all) as Scalar[],
    join: (each) => tf.stack([...each]),
  };
}
