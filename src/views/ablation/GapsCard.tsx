import { useState } from "react";
import { figureWords } from "../../charts/ablationWords";
import { LOOKS } from "../../charts/systems";
import { count, percent, signed } from "../../charts/words";
import type { AblationReport } from "../../core/analysis/ablation";
import { type Gaps, type QueryGap, studentGaps } from "../../core/analysis/gaps";
import type { Trial } from "../../core/analysis/trial";
import type { Analyst } from "../../state/trials";
import { Button } from "../parts/Button";
import { ActionMenu } from "../parts/Menu";
import { tableActions } from "../sweeps/ChartCard";
import { RankingPair } from "./RankingPair";

const nameOf = (gap: QueryGap) => `${gap.seed} ${gap.query}`;
const wordsOf = (gap: QueryGap) => gap.ranking?.text || gap.id || `query ${gap.query + 1}`;

/** The queries on which the configuration on show falls furthest behind the teacher, and what both rank first there. */
export function GapsCard({
  report,
  gaps,
  of = "best",
  trials,
  analyst,
  onRank,
}: {
  report: AblationReport;
  gaps: Gaps;
  of?: "best" | "selected";
  /** Of the configuration, one a seed. */
  trials: readonly Trial[];
  analyst: Pick<Analyst, "documents">;
  /** Ranks a trial again; null where that cannot be done now. */
  onRank: ((key: string) => Promise<void>) | null;
}) {
  const [wanted, setWanted] = useState<string | null>(null);
  const name = LOOKS[report.system].label;
  const words = figureWords(report.metric);
  const chosen = gaps.worst.find((gap) => nameOf(gap) === wanted) ?? gaps.worst[0];
  const table = () => ({
    columns: [
      "query",
      "text",
      "seed",
      "place",
      `teacher ${report.metric}`,
      `${report.system} ${report.metric}`,
      "relevant",
      "teacher's first",
      `${report.system}'s first`,
    ],
    // The page shows the worst; the file has all on which it is behind.
    rows: (studentGaps(trials, report.system, report.metric, gaps.lost) ?? gaps).worst.map(
      ({ id, seed, query, teacher, student, ranking }) => [
        id,
        ranking?.text ?? null,
        seed,
        query,
        teacher,
        student,
        ranking ? Object.keys(ranking.relevant).join(" ") : null,
        ranking ? ranking.teacher.join(" ") : null,
        ranking ? ranking.student.join(" ") : null,
      ],
    ),
  });
  return (
    <section className="card" aria-labelledby="gaps-title">
      <header>
        <h2 id="gaps-title">Where does {name} lose?</h2>
        <span className="sub">
          {report.metric} by query, {of} configuration, against the teacher
        </span>
        <div className="end">
          <ActionMenu label="Save the queries" small icon="download" actions={tableActions(table, "losing-queries")} />
        </div>
      </header>
      <p className="reading-line">
        Of {count(gaps.lost + gaps.equal + gaps.won)} answers it is behind on <b>{count(gaps.lost)}</b>, even on{" "}
        {count(gaps.equal)} and ahead on {count(gaps.won)}.{" "}
        {gaps.tenth === null ? "" : `The worst tenth of the queries makes ${percent(gaps.tenth, 0)} of what it loses.`}
      </p>
      {chosen ? (
        <div className="gapcols">
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable with the keyboard. */}
          <section className="scrollx gaps" tabIndex={0} aria-label={`Queries on which ${name} loses`}>
            <table className="tbl">
              <thead>
                <tr>
                  <th scope="col">Query</th>
                  <th scope="col">Seed</th>
                  <th scope="col">Teacher</th>
                  <th scope="col">{name}</th>
                  <th scope="col">Gap</th>
                </tr>
              </thead>
              <tbody>
                {gaps.worst.map((gap) => (
                  <tr key={nameOf(gap)} className={gap === chosen ? "selected" : ""}>
                    <th scope="row">
                      <button
                        type="button"
                        className="linkbtn"
                        aria-pressed={gap === chosen}
                        onClick={() => setWanted(nameOf(gap))}
                      >
                        {wordsOf(gap)}
                      </button>
                    </th>
                    <td>{gap.seed}</td>
                    <td>{words(gap.teacher)}</td>
                    <td>{words(gap.student)}</td>
                    <td>{signed(gap.student - gap.teacher)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
          <Rankings gap={chosen} report={report} trials={trials} analyst={analyst} onRank={onRank} />
        </div>
      ) : null}
    </section>
  );
}

function Rankings({
  gap,
  report,
  trials,
  analyst,
  onRank,
}: {
  gap: QueryGap;
  report: AblationReport;
  trials: readonly Trial[];
  analyst: Pick<Analyst, "documents">;
  onRank: ((key: string) => Promise<void>) | null;
}) {
  const [ranking, setRanking] = useState(false);
  const trial = trials.find(({ key }) => key !== undefined && key === gap.key);
  if (gap.ranking && trial)
    return (
      <RankingPair
        key={nameOf(gap)}
        gap={gap}
        pair={gap.ranking}
        trial={trial}
        system={report.system}
        analyst={analyst}
      />
    );
  const key = gap.key;
  return (
    <div className="pair">
      <p className="mut">
        This trial’s record has no rankings: it was written before they were kept. They can be computed from its towers,
        where those are still stored in this browser.
      </p>
      {key !== null && onRank ? (
        <Button
          isDisabled={ranking}
          onPress={() => {
            setRanking(true);
            void onRank(key).finally(() => setRanking(false));
          }}
        >
          {ranking ? "Ranking" : "Compute the rankings"}
        </Button>
      ) : (
        <p className="mut">They cannot be computed now: something else is being trained, or there is no GPU.</p>
      )}
    </div>
  );
}
