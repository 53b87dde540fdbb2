import { sizeNames } from "../../charts/scalingData";
import type { Predicted } from "../../core/analysis/lawReport";
import type { ScalingReport } from "../../core/analysis/scaling";
import type { Cell, Table } from "../../core/formats/export";

/** What the law says, one row a quantity: constants, how well it holds, what more would buy, and a budget's split. */
export function fitTable({ law, split }: ScalingReport): Table {
  const { fit, heldOutError } = law;
  const range = (name: string, { value, low, high }: Predicted): Cell[] => [name, value, low, high];
  const bare = (name: string, value: number | null): Cell[] => [name, value, null, null];
  return {
    columns: ["quantity", "value", "low", "high"],
    rows: [
      ...Object.entries(fit.parameters ?? {}).map(([name, value]): Cell[] => {
        const interval = fit.intervals?.[name];
        return [name, value, interval?.low ?? null, interval?.high ?? null];
      }),
      bare("fitted points", fit.points),
      bare("objective", fit.objective),
      bare("R2 of ln L", fit.r2),
      bare("held-out error, largest", heldOutError?.max ?? null),
      bare("held-out error, mean", heldOutError?.mean ?? null),
      ...law.purchases.map((buy) => range(`entropy at ${buy.what}`, buy.predicted)),
      ...(split
        ? [
            bare("budget, FLOPs", split.compute),
            range("parameters of the budget", split.n),
            range("pairs of the budget", split.d),
            range("entropy of the budget", split.loss),
          ]
        : []),
    ],
  };
}

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
