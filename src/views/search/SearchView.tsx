import { useEffect, useRef } from "react";
import { linkChart } from "../../charts/links";
import { svgReact } from "../../charts/svg";
import { LOOKS } from "../../charts/systems";
import { count } from "../../charts/words";
import { useLab, useLabStore } from "../../state/context";
import { underWay } from "../../state/run";
import type { SearchAnswer } from "../../worker/protocol";
import { Alert } from "../parts/Alert";
import { Choice } from "../parts/Choice";
import { Icon } from "../parts/icons";
import { answeringRun } from "./answering";
import { Column } from "./Column";

export const ROW_HEIGHT = 72;

/** One query, asked of all five systems side by side. */
export default function SearchView() {
  const { search, runs } = useLab();
  const list = useLabStore("runs", (s) => s.list);
  const selectedId = useLabStore("runs", (s) => s.selectedId);
  const s = useLabStore("search", (state) => state);
  const training = useLabStore("run", underWay);
  const trained = useLabStore("run", (state) => state.name);
  const finished = (list ?? []).filter((r) => r.result);
  const { run: usable, without } = answeringRun(list ?? [], selectedId);
  // The worker's GPU belongs to the training for as long as there is one.
  const askable = training ? null : (usable?.id ?? null);
  const last = useRef<string | null>(null);
  useEffect(() => {
    if (last.current === askable) return;
    last.current = askable;
    if (askable === null) return;
    void search.getState().loadExamples(askable);
    // Another run was chosen, or the GPU is free again: the question on show is asked of it.
    const { query } = search.getState();
    if (query) search.getState().ask(askable, query, true);
  }, [askable, search]);
  return (
    <main className="page" id="main" tabIndex={-1}>
      <h1 className="sr">Search</h1>
      {usable ? (
        <>
          <div className="askbar">
            <search className="searchbox">
              <Icon name="search" size={18} />
              <input
                id="query"
                type="search"
                value={s.query}
                autoComplete="off"
                spellCheck={false}
                placeholder="Ask the corpus"
                aria-label="Query"
                onChange={(e) => search.getState().ask(askable, e.currentTarget.value)}
                onKeyDown={(e) => {
                  if (e.key === "Enter") search.getState().ask(askable, e.currentTarget.value, true);
                }}
              />
              <span className="mut">
                {usable.result ? `${count(usable.result.collection.documents)} documents` : ""} <kbd>Enter</kbd>
              </span>
            </search>
            <Choice
              label="Run to ask"
              value={usable.id}
              options={finished.map((r) => ({
                id: r.id,
                label: r.name,
                note: `${r.collection}, ${new Date(r.createdAt).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })}`,
              }))}
              onChange={(id) => runs.getState().select(id)}
            />
          </div>
          {without ? (
            <p className="mut">
              {without.name} has no results yet: {usable.name} answers here.
            </p>
          ) : null}
          {s.examples.length > 0 ? (
            <p className="try">
              <span>Try a test query:</span>
              {s.examples.map((q) => (
                <button
                  key={q.id}
                  type="button"
                  className="linkbtn"
                  disabled={training}
                  onClick={() => search.getState().ask(askable, q.text, true)}
                >
                  {q.text}
                </button>
              ))}
            </p>
          ) : null}
          {training ? (
            <Alert
              kind="warn"
              report={{
                message: `Search waits while ${trained} is trained`,
                remedy:
                  "The GPU is busy with it. Answers come here when the run is done or stopped; what you type is kept.",
              }}
            />
          ) : s.error ? (
            <Alert report={s.error} />
          ) : null}
          <p className="sr" role="status">
            {s.pending ? "Searching" : s.answer ? `Answers for ${s.answer.query.slice(0, 80)}` : ""}
          </p>
          {s.answer ? (
            <Answer
              answer={s.answer}
              level={usable.result?.collection.relevanceLevel ?? 1}
              software={usable.result?.adapter.software ?? false}
            />
          ) : s.error || training ? null : s.pending ? (
            <p className="empty">Loading the towers of {usable.name} and searching.</p>
          ) : (
            <p className="empty">
              Type a query. Five systems rank the same {usable.result ? count(usable.result.collection.documents) : ""}{" "}
              documents: the teacher, ScalingNote's small student over the teacher's index, the two baselines, and BM25,
              which only matches words.
            </p>
          )}
        </>
      ) : (
        <section className="card empty">
          <h2>Search needs a finished run</h2>
          <p>
            {list === null
              ? "The list of runs is being read."
              : training || without
                ? `${training ? trained : without?.name} has no results yet. When it is done, its five systems answer here side by side.`
                : "Train one in the Lab or import one in Runs. Its five systems then answer here side by side."}
          </p>
          <p>
            <a className="btn" href="#/lab">
              To the Lab
            </a>{" "}
            <a className="btn" href="#/runs">
              To the runs
            </a>
          </p>
        </section>
      )}
    </main>
  );
}

function Answer({ answer, level, software }: { answer: SearchAnswer; level: number; software: boolean }) {
  const teacher = answer.columns.find((c) => c.system === "teacher");
  const reference = teacher?.hits.map((h) => h.id) ?? [];
  const slowest = Math.max(...answer.columns.map((c) => (c.encodeMs ?? 0) + c.searchMs), 1e-6);
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable with the keyboard. */}
      <section className="rescols" aria-label="Answers" tabIndex={0}>
        {answer.columns.map((column) => (
          <div key={column.system} className={`rescol ${LOOKS[column.system].className}`}>
            {column.system === "scalingnote" && teacher ? (
              <div className="linkcol">
                {svgReact(
                  linkChart(
                    reference,
                    column.hits.map((h) => h.id),
                    { width: 44, rowHeight: ROW_HEIGHT, color: LOOKS.scalingnote.color },
                  ),
                )}
              </div>
            ) : null}
            <Column
              column={column}
              reference={reference}
              slowest={slowest}
              level={level}
              software={software}
              query={answer.query}
            />
          </div>
        ))}
      </section>
      <p className="card note">
        <span>
          <b>Bars</b> are on one scale: strong encodes the query, faint searches the index
          {software ? "; on a CPU adapter they are not latencies" : ""}.
        </span>
        <span>
          <b>Arrows</b> count the places against the teacher's list.
        </span>
        <span>
          <b>Grades</b> are the test set's judgement
          {answer.queryId === null
            ? "; this text is not one of its queries, so nothing is marked"
            : "; no mark: not relevant, or not judged"}
          .
        </span>
      </p>
    </>
  );
}
