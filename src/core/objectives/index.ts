/** The further losses of stage 2, beside MSE and cosine (qkd.ts), which have a kernel of their own. */
import type { Experiment } from "../config/schema";
import { frozenInfoNce } from "./frozenInfoNce";
import { marginMse } from "./marginMse";
import { scoreKl } from "./scoreKl";
import type { LossTerm, Stage2Number } from "./term";

export const LOSS_TERMS: readonly LossTerm[] = [scoreKl, marginMse, frozenInfoNce];

/** The settings that terms read: what of it is not given is 0. */
export type TermNumbers = Partial<Record<Stage2Number, number>>;

/** The terms that one of several students has a weight for. */
export const termsOf = (students: readonly TermNumbers[]): readonly LossTerm[] =>
  LOSS_TERMS.filter((term) => students.some((student) => (student[term.weight] ?? 0) > 0));

/** A student's numbers for these terms, in a row: of each its weight, then the others. */
export const termValues = (terms: readonly LossTerm[], student: TermNumbers): number[] =>
  terms.flatMap(({ weight, numbers }) => [
    student[weight] ?? 0,
    // A student without the term has no numbers for it: any will do but one that makes an infinity, for 0 times that is none.
    ...numbers.map((name) => student[name] ?? 1),
  ]);

/** The terms of a run's stage 2, in either of its phases. */
export const termsInUse = ({ stage2 }: Pick<Experiment, "stage2">): readonly LossTerm[] =>
  LOSS_TERMS.filter((term) => stage2[term.weight] > 0 || (stage2.refineSteps > 0 && term === frozenInfoNce));

/** All numbers that terms read, of stage 2's settings. */
export const numbersOf = (stage2: Experiment["stage2"]): TermNumbers =>
  Object.fromEntries(
    LOSS_TERMS.flatMap(({ weight, numbers }) => [weight, ...numbers]).map((name) => [name, stage2[name]]),
  );
