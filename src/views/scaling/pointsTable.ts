import { sizeNames } from "../../charts/scalingData";
import type { ScalingReport } from "../../core/analysis/scaling";
import type { Cell, Table } from "../../core/formats/export";

/** One row a point: its size, the measured loss, what the law says and how far off that is. */
export function pointsTable({ set, law }: ScalingReport): Table {
  const names = sizeNames(set.points);
  return {
    columns: [
      names.settings || "size",
      "N",
      "D",
      "training FLOPs",
      "seeds",
      set.measure,
      "law",
      "measured over law",
      "held out",
    ],
    rows: set.points.map((p, i): Cell[] => {
      const q = law.points.find((shown) => shown.index === i);
      return [
        names.of(p.assignments),
        p.n,
        p.d,
        p.compute,
        p.seeds.length,
        p.loss,
        q?.predicted ?? null,
        q ? p.loss / q.predicted - 1 : null,
        q?.heldOut ? "yes" : "no",
      ];
    }),
  };
}
