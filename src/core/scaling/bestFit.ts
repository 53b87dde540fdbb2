/** From points to the best minimum of a law. */
import type { Law, LogPoints, ScalingPoint } from "./laws";
import { better, type Fitted, minimise } from "./minimise";
import { starts } from "./starts";

const STARTS = 6;

/** Centred logarithms of the points. A variable that the law does not use is 0 throughout. */
export function logPoints(law: Law, points: readonly ScalingPoint[]): LogPoints {
  const logs = (key: "n" | "d") => {
    const raw = Float64Array.from(points, (point) => (law.uses.includes(key) ? Math.log(point[key]!) : 0));
    const centre = raw.reduce((sum, value) => sum + value, 0) / raw.length;
    return { centre, values: raw.map((value) => value - centre) };
  };
  const [u, v] = [logs("n"), logs("d")];
  return {
    count: points.length,
    u: u.values,
    v: v.values,
    y: Float64Array.from(points, (point) => Math.log(point.loss)),
    centreU: u.centre,
    centreV: v.centre,
  };
}

/** The best of the minima that several starts lead to. */
export function bestFit(law: Law, points: LogPoints): Fitted {
  return starts(law, points, STARTS)
    .map((theta) => minimise(law, points, theta, true))
    .reduce(better);
}
