import { moveSpoken, moves, moveWords } from "../../charts/links";
import { ms, share } from "../../charts/words";
import type { SearchColumn } from "../../worker/protocol";
import { TowerName } from "../parts/TowerName";
import { markWords } from "./marks";

/** One system's answer. Titles and texts are data: they are only ever shown as text. */
export function Column({
  column,
  reference,
  slowest,
  level,
  software,
  query,
}: {
  column: SearchColumn;
  reference: readonly string[];
  slowest: number;
  level: number;
  software: boolean;
  query: string;
}) {
  const { system, hits, encodeMs, searchMs } = column;
  const total = (encodeMs ?? 0) + searchMs;
  const relevant = hits.filter((h) => (h.grade ?? 0) >= level).length;
  const placed = moves(
    reference,
    hits.map((h) => h.id),
  );
  const words = system === "bm25" ? new Set(query.toLowerCase().split(/\W+/).filter(Boolean)) : null;
  return (
    <section className="answer" aria-label={system === "scalingnote" ? "ScalingNote's answers" : `${system}'s answers`}>
      <header>
        <h2>
          <TowerName system={system} />
        </h2>
        <b className="num">{ms(total)} ms</b>
        <div className="lat" aria-hidden="true">
          <i style={{ width: `${(100 * (encodeMs ?? 0)) / slowest}%` }} />
          <i style={{ width: `${(100 * searchMs) / slowest}%` }} />
        </div>
        <span className="mut">
          {encodeMs === null ? "matches words only" : `encode ${ms(encodeMs)}, search ${ms(searchMs)}`}
          {software ? ", CPU" : ""}
        </span>
        <span className="mut">{relevant > 0 ? `${relevant} relevant` : ""}</span>
      </header>
      <ol>
        {hits.map((hit, i) => {
          const move = placed[i]!;
          const mark = markWords(hit.grade, level);
          return (
            <li key={hit.id} className={(hit.grade ?? 0) >= level ? "rel" : ""}>
              <span className="rk">
                {i + 1}
                {system === "teacher" ? null : (
                  <small>
                    <span aria-hidden="true">{moveWords(move)}</span>
                    <span className="sr">{moveSpoken(move)}</span>
                  </small>
                )}
              </span>
              <span className="ti" title={hit.text}>
                <b>{hit.title ? marked(hit.title, words) : `Document ${hit.id}`}</b>
                <span>{marked(hit.text, words)}</span>
              </span>
              <span className="sc">
                {system === "bm25" ? hit.score.toFixed(1) : share(hit.score)}
                {mark ? (
                  // Seen, the absence of a mark says it; heard, it has to be said.
                  <span className={(hit.grade ?? 0) > 0 ? "mk" : "mk sr"} title={`grade ${hit.grade}`}>
                    {mark}
                  </span>
                ) : null}
              </span>
            </li>
          );
        })}
        {hits.length === 0 ? <li className="none mut">No document shares a word with the query.</li> : null}
      </ol>
    </section>
  );
}

/** The words that BM25 matched, underlined. */
function marked(text: string, words: Set<string> | null): React.ReactNode {
  if (!words || words.size === 0) return text;
  return text.split(/(\w+)/).map((part, i) =>
    words.has(part.toLowerCase()) ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text, always in place.
      <em key={i}>{part}</em>
    ) : (
      part
    ),
  );
}
