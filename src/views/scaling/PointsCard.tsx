import { sizeNames } from "../../charts/scalingData";
import { compact, count, loss, signedPercent } from "../../charts/words";
import type { ScalingReport } from "../../core/analysis/scaling";
import { ActionMenu } from "../parts/Menu";
import { tableActions } from "../sweeps/ChartCard";
import { pointsTable } from "./pointsTable";

const MOST = 60;

/** The points behind the fit: measured, by the law, and how far apart. */
export function PointsCard({ report }: { report: ScalingReport }) {
  const { set, law } = report;
  const names = sizeNames(set.points);
  const two = new Set(set.points.map((p) => p.d)).size > 1;
  const off = (i: number) => {
    const q = law.points.find((p) => p.index === i);
    return q ? set.points[i]!.loss / q.predicted - 1 : null;
  };
  return (
    <section className="card" aria-labelledby="points-title">
      <header>
        <h2 id="points-title">Points</h2>
        <span className="sub">{names.settings || "means over seeds"}</span>
        <div className="end">
          <ActionMenu
            label="Save the points"
            small
            icon="download"
            actions={tableActions(() => pointsTable(report), "points")}
          />
        </div>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable with the keyboard. */}
      <section className="scrollx points" tabIndex={0} aria-label="Table of points">
        <table className="tbl">
          <thead>
            <tr>
              <th scope="col">Size</th>
              <th scope="col">N</th>
              {two ? <th scope="col">D</th> : null}
              <th scope="col">Entropy</th>
              <th scope="col">Law</th>
              <th scope="col">Off by</th>
            </tr>
          </thead>
          <tbody>
            {set.points.slice(0, MOST).map((p, i) => {
              const q = law.points.find((shown) => shown.index === i);
              const part = off(i);
              return (
                <tr key={p.key} className={q?.heldOut ? "selected" : ""}>
                  <th scope="row">
                    <span className="sizename">{names.of(p.assignments) || "the only one"}</span>
                    {q?.heldOut ? <span className="held">held out</span> : null}
                  </th>
                  <td>{p.n >= 1e6 ? compact(p.n) : count(p.n)}</td>
                  {two ? <td>{compact(p.d)}</td> : null}
                  <td>{loss(p.loss)}</td>
                  <td>{q ? loss(q.predicted) : "–"}</td>
                  <td>{signedPercent(part)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
      {set.points.length > MOST ? (
        <p className="caption">
          The first {MOST} of {count(set.points.length)}; the file has all.
        </p>
      ) : null}
    </section>
  );
}
