/** `lab bench students`: what it costs to train many students as one, against one of them alone. */
import { MOST_STUDENTS } from "../core/pipeline/benchChoices";
import type { BenchRunner } from "../core/pipeline/benchRun";
import type { StudentsFigures } from "../core/pipeline/benchStudents";
import type { BenchFlags } from "./bench";
import { choose, computed, measuredRows, megabytes, ms, print, range, rounded, SIZES, wholeNumber } from "./benchText";

export async function studentsBenchmark(values: BenchFlags, run: BenchRunner): Promise<void> {
  const one = {
    size: choose("size", values.size ?? "s", SIZES),
    students: wholeNumber("students", values.students, 1, MOST_STUDENTS),
  };
  const repeats = wholeNumber("steps", values.steps, 5, 1000);
  print(values, await run({ what: "students", cases: [one], repeats }), rows);
}

const rows = (figures: StudentsFigures): [string, string][] => [
  ["step", `${figures.students} students as one, size ${figures.size}, captured`],
  ...measuredRows(figures),
  ["tokens", `${rounded(figures.tokensPerSecond)} a second`],
  ["computed", computed(figures)],
  [
    "one alone",
    `${figures.dispatchesAlone} dispatches, ${range(figures.stepMsAlone)}, ${megabytes(figures.gpuBytesAlone)}`,
  ],
  ["a student", `${ms(figures.stepMs.median / figures.students)}: ${figures.perStudentRatio.toFixed(2)} of one alone`],
];
