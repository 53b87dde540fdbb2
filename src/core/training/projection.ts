/**
 * A student whose vectors have another size than the teacher's learns with a matrix that takes them there (LEAF, arXiv
 * 2509.12539). It is exported with the student: both ends are linear, so that the student's last matrix and this one are
 * one matrix. What a checkpoint has is an ordinary tower of the teacher's size, which searches the teacher's index and
 * costs no more than its size says.
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Gpu } from "../../gpu/device";
import { ownTensor, readTensors } from "../../gpu/step";
import type { Experiment } from "../config/schema";
import { random } from "../random";
import { downloadParameters, type Tower, uploadTower } from "../towers/device";
import type { TowerConfig } from "../towers/types";
import type { Encoder } from "./encode";

/** A matrix [teacher's size, student's own size], at its seeded start. The caller disposes of it. */
export function startProjection(gpu: Gpu, own: TowerConfig, { seed, embeddingSize }: Experiment): Tensor {
  const shape = [embeddingSize, own.embeddingSize];
  const r = random(seed, "init", "own projection");
  const values = Float32Array.from(
    { length: embeddingSize * own.embeddingSize },
    () => r.normal() * own.embeddingSize ** -0.5,
  );
  return ownTensor(gpu, { shape, dtype: "float32" }, values);
}

/** An encoder whose vectors are taken through the matrix as it is at each call; the encoder itself without one. */
export function projectedEncoder(gpu: Gpu, encoder: Encoder, projection: Tensor | undefined): Encoder {
  if (!projection) return encoder;
  const [to, from] = projection.shape as [number, number];
  return {
    ...encoder,
    async encode(table, texts, onProgress) {
      const vectors = await encoder.encode(table, texts, onProgress);
      const [matrix] = await readTensors(gpu, [projection]);
      return product(vectors, matrix!, from, to);
    },
  };
}

/** The tower with its last matrix times this one; with this one as its last where it has none. */
export async function withProjection(gpu: Gpu, tower: Tower, projection: Tensor): Promise<Tower> {
  const [to, from] = projection.shape as [number, number];
  const parameters = await downloadParameters(gpu, tower);
  const [matrix] = await readTensors(gpu, [projection]);
  const { projection: _, ...config } = tower.config;
  const last = parameters.get("projection.weight");
  const width = last ? last.shape[1]! : from;
  // Rows of the transposed last matrix are vectors of the own size.
  const values = last
    ? transposed(product(transposed(last.values, from, width), matrix!, from, to), width, to)
    : matrix!.slice();
  parameters.set("projection.weight", { shape: [to, width], values });
  return uploadTower(gpu, { ...config, embeddingSize: to }, parameters);
}

/** Rows of `from` values times the transposed matrix [to, from]. */
function product(rows: Float32Array, matrix: Float32Array, from: number, to: number): Float32Array {
  const count = rows.length / from;
  const made = new Float32Array(count * to);
  for (let row = 0; row < count; row++)
    for (let j = 0; j < to; j++) {
      let sum = 0;
      for (let k = 0; k < from; k++) sum += rows[row * from + k]! * matrix[j * from + k]!;
      made[row * to + j] = sum;
    }
  return made;
}

function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const made = new Float32Array(matrix.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) made[j * rows + i] = matrix[i * columns + j]!;
  return made;
}
