/** A query on which the student loses: the teacher's first documents and the student's beside each other. */
import { useCallback } from "react";
import { moveSpoken, moves, moveWords } from "../../charts/links";
import { LOOKS } from "../../charts/systems";
import type { RankingPair as Pair, QueryGap } from "../../core/analysis/gaps";
import type { Trial } from "../../core/analysis/trial";
import type { SystemName } from "../../core/formats/result";
import type { Analyst } from "../../state/trials";
import { TowerName } from "../parts/TowerName";
import { useAnswer } from "../sweeps/useAnswer";

interface Document {
  id: string;
  title: string;
  text: string;
}

export function RankingPair({
  gap,
  pair,
  trial,
  system,
  analyst,
}: {
  gap: QueryGap;
  pair: Pair;
  trial: Trial;
  system: SystemName;
  analyst: Pick<Analyst, "documents">;
}) {
  const ask = useCallback(
    () =>
      analyst.documents({
        key: trial.key ?? "",
        config: trial.config ?? null,
        testSet: trial.testSetHash,
        ids: [...new Set([...pair.teacher, ...pair.student])],
      }),
    [analyst, trial, pair],
  );
  const { answer, stale, error } = useAnswer<Document[]>(ask);
  const documents = new Map((stale ? null : answer)?.map((document) => [document.id, document]));
  const relevant = Object.keys(pair.relevant).length;
  const missed = pair.teacher.filter((id) => id in pair.relevant && !pair.student.includes(id)).length;
  return (
    <section className="pair" aria-label={`Both rankings for ${pair.text || gap.id}`}>
      <h3>{pair.text || `Query ${gap.id}`}</h3>
      <p className="mut">
        {gap.id}, seed {gap.seed}; {relevant} relevant {relevant === 1 ? "document" : "documents"}
        {missed > 0
          ? `, ${relevant === 1 ? "" : `${missed} of them `}found by the teacher and missed by ${LOOKS[system].label}`
          : ""}
        .{stale ? " Fetching the texts." : ""}
      </p>
      {error ? (
        <p className="mut" role="status">
          The documents’ texts cannot be shown: {error.message} {error.remedy}
        </p>
      ) : null}
      <div className="pairlists">
        {(["teacher", "student"] as const).map((side) => (
          <List
            key={side}
            system={side === "teacher" ? "teacher" : system}
            ids={pair[side]}
            reference={side === "teacher" ? null : pair.teacher}
            relevant={pair.relevant}
            documents={documents}
          />
        ))}
      </div>
    </section>
  );
}

/** One system's first documents. Titles and texts are data: they are only ever shown as text. */
function List({
  system,
  ids,
  reference,
  relevant,
  documents,
}: {
  system: SystemName;
  ids: readonly string[];
  reference: readonly string[] | null;
  relevant: Record<string, number>;
  documents: ReadonlyMap<string, Document>;
}) {
  const placed = reference ? moves(reference, ids) : null;
  const found = ids.filter((id) => id in relevant).length;
  return (
    <section className={`answer ${LOOKS[system].className}`} aria-label={`${LOOKS[system].label}'s first documents`}>
      <h4>
        <TowerName system={system} />
        <span className="mut">
          {found} relevant in the first {ids.length}
        </span>
      </h4>
      <ol>
        {ids.map((id, i) => {
          const document = documents.get(id);
          const move = placed?.[i];
          const hit = id in relevant;
          return (
            <li key={id} className={hit ? "rel" : ""}>
              <span className="rk">
                {i + 1}
                {move ? (
                  <small>
                    <span aria-hidden="true">{moveWords(move)}</span>
                    <span className="sr">{moveSpoken(move)}</span>
                  </small>
                ) : null}
              </span>
              <span className="ti" title={document?.text}>
                <b>{document?.title || `Document ${id}`}</b>
                <span>{document?.text ?? ""}</span>
              </span>
              <span className="sc">
                {hit ? (
                  <span className="mk" title={`grade ${relevant[id]}`}>
                    relevant
                  </span>
                ) : null}
              </span>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
