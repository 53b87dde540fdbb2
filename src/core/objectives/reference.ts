/**
 * The further losses once more in plain TypeScript and float64, one text and one document at a time: what tests and the
 * self-test before a run hold them against.
 */
import { normalise, type Values } from "../../gpu/reference";

/** As TermInputs has it, on the host. */
export interface ReferenceInputs {
  size: number;
  teacher: ArrayLike<number>;
  documents: ArrayLike<number>;
  counts: ArrayLike<number>;
  labelled: ArrayLike<number>;
  distributionFrom: number;
  distribution: number;
}

/** The loss of each text, by the term's name; `numbers` in the term's order. */
export const TERM_REFERENCES: Record<string, (s: Values, numbers: readonly number[], x: ReferenceInputs) => number[]> =
  {
    kl(s, [teacherTemperature, studentTemperature], x) {
      const seen = Array.from({ length: x.distribution }, (_, j) => x.distributionFrom + j);
      return eachText(x, (i) => {
        const p = softmax(seen.map((j) => cosine(x.teacher, i, j, x) / teacherTemperature!));
        const q = softmax(seen.map((j) => cosine(s, i, j, x) / studentTemperature!));
        return studentTemperature! ** 2 * total(p.map((share, k) => share * Math.log(share / q[k]!)));
      });
    },
    margin: (s, _, x) =>
      eachText(x, (i) => {
        const others = negatives(i, x);
        const margin = (v: ArrayLike<number>, j: number) => cosine(v, i, i, x) - cosine(v, i, j, x);
        const squares = others.map((j) => (margin(s, j) - margin(x.teacher, j)) ** 2);
        return (x.labelled[i]! * total(squares)) / Math.max(1, others.length);
      }),
    infoNce: (s, [temperature], x) =>
      eachText(x, (i) => {
        const seen = [i, ...negatives(i, x)];
        return -x.labelled[i]! * Math.log(softmax(seen.map((j) => cosine(s, i, j, x) / temperature!))[0]!);
      }),
  };

const eachText = ({ labelled }: ReferenceInputs, of: (i: number) => number) =>
  Array.from({ length: labelled.length }, (_, i) => of(i));
const total = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

function negatives(i: number, { counts, documents, size }: ReferenceInputs): number[] {
  const columns = documents.length / size;
  return Array.from({ length: columns }, (_, j) => j).filter((j) => j !== i && counts[i * columns + j] === 1);
}

function cosine(vectors: ArrayLike<number>, i: number, j: number, { documents, size }: ReferenceInputs): number {
  const row = (of: ArrayLike<number>, at: number) =>
    normalise(
      Float64Array.from({ length: size }, (_, k) => of[at * size + k]!),
      size,
    );
  const [a, b] = [row(vectors, i), row(documents, j)];
  return total(Array.from(a, (value, k) => value * b[k]!));
}

function softmax(logits: readonly number[]): number[] {
  const exps = logits.map((z) => Math.exp(z));
  const sum = total(exps);
  return exps.map((e) => e / sum);
}
