/** Ready-made experiments: what each asks, what to expect, what it takes; one press starts it and shows its answer. */
import { useEffect, useRef, useState } from "react";
import { count, flops } from "../../charts/words";
import { MOST_TOGETHER } from "../../core/config/together";
import { READY, type ReadyExperiment, type ReadyForm } from "../../core/experiments";
import { useLab, useLabStore } from "../../state/context";
import type { ReadyCosts } from "../../worker/protocol";
import { Button } from "../parts/Button";
import { useWhyNot } from "./useWhyNot";

type Cost = NonNullable<ReadyCosts["a"]>["small"];

/** "5 trials a seed, 3 seeds; 2.87 TFLOP a seed" */
export const costWords = ({ trials, flops: work }: Cost, seeds: number): string =>
  `${count(trials)} ${trials === 1 ? "trial" : "trials"} and ${flops(work)} a seed, ${seeds} seeds`;

export function ReadyList({ onClose }: { onClose: () => void }) {
  const { sweeps } = useLab();
  const busy = useLabStore("sweeps", (s) => s.busy);
  const why = useWhyNot();
  const [costs, setCosts] = useState<ReadyCosts | null>(null);
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    let wanted = true;
    void sweeps
      .getState()
      .readyCosts()
      .then((found) => {
        if (wanted) setCosts(found);
      });
    return () => {
      wanted = false;
    };
  }, [sweeps]);
  useEffect(() => section.current?.querySelector("summary")?.focus(), []);
  const start = async ({ look }: ReadyExperiment, { sweep }: ReadyForm) => {
    if (!(await sweeps.getState().start(sweep, MOST_TOGETHER))) return;
    onClose();
    location.hash = `#/${look.view}`;
  };
  return (
    <section ref={section} className="card readylist" aria-labelledby="ready-title">
      <header>
        <h2 id="ready-title">Ready-made experiments</h2>
        <span className="sub">on the bundled notes; what the Lab has on its form stays as it is</span>
        <div className="end">
          <Button look="quiet" icon="close" label="Close the ready-made experiments" onPress={onClose} />
        </div>
      </header>
      {why ? <p className="reading-line">{why}</p> : null}
      <ul>
        {READY.map((one) => (
          <li key={one.key}>
            <ReadyItem
              one={one}
              cost={costs?.[one.key]}
              isDisabled={why !== "" || busy}
              onStart={(form) => void start(one, form)}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** One of them: closed its question, open all that is to be known before it is started. */
export function ReadyItem({
  one,
  cost,
  isDisabled,
  onStart,
}: {
  one: ReadyExperiment;
  cost: ReadyCosts["a"];
  isDisabled: boolean;
  onStart: (form: ReadyForm) => void;
}) {
  return (
    <details name="ready">
      <summary>
        <b>{one.title}</b> <span className="mut">{one.question}</span>
      </summary>
      <dl>
        <dt>Expect</dt>
        <dd>
          {one.expect} <span className="mut">({one.source})</span>
        </dd>
        <dt>Read</dt>
        <dd>{one.reading}</dd>
      </dl>
      {(["small", "full"] as const).map((size) => (
        <div className="form" key={size}>
          <Button
            look={size === "small" ? "primary" : ""}
            icon="play"
            isDisabled={isDisabled}
            label={`Run ${one.title}, ${size}`}
            onPress={() => onStart(one[size])}
          >
            {size === "small" ? "Run small" : "Run full"}
          </Button>
          <p className="help">
            {cost ? costWords(cost[size], one[size].sweep.seeds.length) : "Counting the operations"}.{" "}
            {size === "full" ? "For a GPU. " : ""}
            {one[size].keeps}
          </p>
        </div>
      ))}
    </details>
  );
}
