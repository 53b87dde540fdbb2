/** Fits a scaling law to measured points: constants, intervals, error on held-out sizes, and what to doubt. */
import { LabError } from "../errors";
import { bestFit, logPoints } from "./bestFit";
import { doubts, refusal } from "./doubts";
import { type HeldOut, heldOutError } from "./heldOut";
import { intervals, type Resampling, resampled } from "./intervals";
import { LAWS, type Law, type LawName, type LogPoints, type ScalingPoint } from "./laws";
import { type Fitted, residuals } from "./minimise";

const VARIABLES = { n: "N", d: "D", loss: "the loss" } as const;

export interface LawFit {
  form: LawName;
  /** Points that were fitted. */
  points: number;
  /** Sum of Huber losses of ln L; null where there is no fit, and `flags` says why. */
  objective: number | null;
  parameters: Record<string, number> | null;
  intervals: Record<string, { low: number; high: number }> | null;
  /** R2 of ln L on the fitted points; says nothing of larger sizes. */
  r2: number | null;
  heldOut: HeldOut | null;
  /** What to doubt, in words. */
  flags: string[];
}

export interface FitOptions extends Resampling {
  /** How many of the largest sizes the check holds out; a tenth of them, one at least, unless given. */
  holdOut?: number | undefined;
}

/**
 * @throws LabError "bad-input" where a value is no positive number. Points that no law can be fitted to, such as too few
 * or rising ones, are no error: the fit then has words only.
 */
export function fitLaw(form: LawName, points: readonly ScalingPoint[], options: FitOptions): LawFit {
  const law = LAWS[form];
  for (const [i, point] of points.entries())
    for (const key of [...law.uses, "loss"] as const)
      if (!(Number.isFinite(point[key]) && point[key]! > 0))
        throw new LabError(
          "bad-input",
          `Point ${i + 1}: ${VARIABLES[key]} is ${point[key] ?? "missing"}.`,
          "A scaling law lives on logarithms: every value has to be a number above 0.",
        );
  const nothing = { form, points: points.length, objective: null, parameters: null, intervals: null, r2: null };
  const logs = logPoints(law, points);
  const refused = refusal(law, logs);
  if (refused) return { ...nothing, heldOut: null, flags: [refused] };
  const fitted = bestFit(law, logs);
  const parameters = law.publish(fitted.theta, logs);
  const explained = r2(law, logs, fitted);
  const found = intervals(law, logs, resampled(law, logs, fitted, options));
  return {
    ...nothing,
    objective: fitted.objective,
    parameters,
    intervals: found,
    r2: explained,
    heldOut: heldOutError(law, points, options.holdOut),
    flags: doubts(law, logs, parameters, explained, found),
  };
}

function r2(law: Law, points: LogPoints, { theta }: Fitted): number {
  const mean = points.y.reduce((sum, y) => sum + y, 0) / points.count;
  const squares = (values: Float64Array) => values.reduce((sum, value) => sum + value * value, 0);
  return 1 - squares(residuals(law, points, theta)) / squares(points.y.map((y) => y - mean));
}
