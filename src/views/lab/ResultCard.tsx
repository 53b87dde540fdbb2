import { memo } from "react";
import { whisker } from "../../charts/spark";
import { svgReact } from "../../charts/svg";
import { LOOKS } from "../../charts/systems";
import { count, flops, ms, percent, share } from "../../charts/words";
import { type RunResult, SYSTEMS, type SystemResult } from "../../core/formats/result";
import { useLab, useLabStore } from "../../state/context";
import { resultCsv, resultJson } from "../../state/exports";
import { saveText } from "../parts/download";
import { ActionMenu } from "../parts/Menu";
import { runExports } from "../parts/runExports";
import { TowerName } from "../parts/TowerName";
import { ExampleChip } from "./ExampleChip";
import { bestSmall, interval, specOf, tableCaption } from "./results";

/** The five systems: every quality figure with its interval, every cost beside it. */
export const ResultCard = memo(function ResultCard() {
  const result = useLabStore("run", (s) => s.result);
  const status = useLabStore("run", (s) => s.status);
  const runId = useLabStore("run", (s) => s.runId);
  // A run that is only shown, as the example, has nothing but its table.
  const stored = useLabStore("runs", (s) => s.list?.find((run) => run.id === runId && run.result !== null));
  const app = useLab();
  return (
    <section className="card" aria-labelledby="result-title">
      <header>
        <h2 id="result-title">Results</h2>
        <ExampleChip />
        <div className="end">
          <ActionMenu
            label="Save"
            icon="download"
            disabled={!result}
            actions={
              result
                ? [
                    {
                      id: "csv",
                      label: "Table as CSV",
                      run: () => void resultCsv(result).then((t) => saveText(t, `${result.name}.csv`, "text/csv")),
                    },
                    {
                      id: "json",
                      label: "Table as JSON",
                      run: () =>
                        void resultJson(result).then((t) => saveText(t, `${result.name}.json`, "application/json")),
                    },
                    ...(stored ? runExports(app, stored) : []),
                  ]
                : []
            }
          />
        </div>
      </header>
      {result ? (
        <Table result={result} />
      ) : (
        <p className="empty">
          {status === "running" || status === "paused"
            ? "The table comes when all five systems are trained and have answered the test queries."
            : status === null
              ? "No results yet. Press Run: the five systems are trained and compared here."
              : "This run ended before its evaluation: resume it, or press Run for a new one."}
        </p>
      )}
    </section>
  );
});

function Table({ result }: { result: RunResult }) {
  const { software } = result.adapter;
  const best = bestSmall(result.systems).names;
  const rows = SYSTEMS.flatMap((name) => result.systems.find((s) => s.name === name) ?? []);
  const slowest = Math.max(...rows.map((s) => s.endToEndMs.p50 ?? 0));
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable with the keyboard. */}
      <section className="scrollx" tabIndex={0} aria-label="Result table">
        <table className="tbl">
          <thead>
            <tr>
              <th scope="col">System</th>
              <th scope="col">Recall@10</th>
              <th scope="col">Retention</th>
              <th scope="col" className="wide">
                nDCG@10
              </th>
              <th scope="col" className="wide">
                Params
              </th>
              <th scope="col" className="wide">
                FLOPs
              </th>
              {software ? (
                <th scope="col">Time a query</th>
              ) : (
                <>
                  <th scope="col" className="wide">
                    Encode, ms
                  </th>
                  <th scope="col" className="wide">
                    Search
                  </th>
                  <th scope="col">p50</th>
                  <th scope="col" className="wide">
                    p95
                  </th>
                </>
              )}
            </tr>
          </thead>
          <tbody>
            {rows.map((s) => (
              <Row
                key={s.name}
                s={s}
                spec={specOf(s.name, result.config)}
                software={software}
                best={best.has(s.name)}
                slowest={slowest}
              />
            ))}
          </tbody>
        </table>
      </section>
      <div className="caption">
        <p>{tableCaption(result)}</p>
      </div>
    </>
  );
}

function Row({
  s,
  spec,
  software,
  best,
  slowest,
}: {
  s: SystemResult;
  spec: string;
  software: boolean;
  best: boolean;
  slowest: number;
}) {
  const look = LOOKS[s.name];
  const recall = s.metrics["recall@10"];
  const p50 = s.endToEndMs.p50;
  return (
    <tr className={s.name === "scalingnote" ? "hero" : ""}>
      <th scope="row">
        <TowerName system={s.name} spec={spec} />
      </th>
      <td className={look.className}>
        <span className="wide">{svgReact(whisker(recall, [0, 1], { width: 104 }))}</span>
        <span className={best ? "best" : ""}>{share(recall.value)}</span>
        <span className="ci">{interval(recall)}</span>
        {recall.value === null && recall.reason ? <span className="ci">{recall.reason}</span> : null}
      </td>
      <td>
        <span className={best ? "best" : ""}>{percent(s.retention.value)}</span>
      </td>
      <td className="wide">{share(s.metrics["ndcg@10"].value)}</td>
      <td className="wide">{s.queryParams > 0 ? count(s.queryParams) : "none"}</td>
      <td className="wide">{s.queryFlops > 0 ? flops(s.queryFlops) : "–"}</td>
      {software ? (
        <td className="cpu">
          <span className="mut">CPU, not a latency</span>
          <span className="wide"> ({ms(p50)} ms)</span>
        </td>
      ) : (
        <>
          <td className="wide">{ms(s.encodeMs)}</td>
          <td className="wide">{ms(s.searchMs)}</td>
          <td className={look.className}>
            {p50 === null ? null : (
              <span className="cellbar wide" aria-hidden="true">
                <i style={{ width: `${slowest > 0 ? (100 * p50) / slowest : 0}%` }} />
              </span>
            )}
            {ms(p50)}
          </td>
          <td className="wide">{ms(s.endToEndMs.p95)}</td>
        </>
      )}
    </tr>
  );
}
