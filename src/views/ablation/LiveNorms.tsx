/** The loss terms' gradients of what is being distilled just now: a sweep's trials, or the Lab's run. */
import { useMemo } from "react";
import { assignmentWords } from "../../charts/settingWords";
import { gradientNorms, weightsOf } from "../../core/analysis/algebra";
import { useLabStore } from "../../state/context";
import { underWay } from "../../state/run";
import { sweepUnderWay } from "../../state/sweeps";
import { GradientNorms, type NormsRow } from "./GradientNorms";

/** More students at once than this are not listed. */
const MOST = 8;

export function LiveNorms() {
  const sweeping = useSweepNorms();
  const training = useRunNorms();
  const running = useLabStore("run", underWay);
  const distilling = useLabStore("sweeps", (s) => sweepUnderWay(s)?.sweep.systems.includes("scalingnote") ?? false);
  const rows = [...sweeping, ...training];
  // It stays between two trials too: what comes and goes would move all that stands below it.
  if (!running && !distilling) return null;
  return (
    <section className="card" aria-labelledby="live-norms-title">
      <header>
        <h2 id="live-norms-title">What each loss term pulls, now</h2>
        <span className="sub">measured at every validation of stage 2</span>
      </header>
      {rows.length > 0 ? (
        <GradientNorms rows={rows.slice(0, MOST)} label="Gradients of the trainings under way" />
      ) : (
        <p className="reading-line">They come with the first validation of stage 2.</p>
      )}
      {rows.length > MOST ? <p className="caption">{`${rows.length - MOST} more are trained beside these.`}</p> : null}
    </section>
  );
}

function useSweepNorms(): NormsRow[] {
  const norms = useLabStore("sweeps", (s) => s.norms);
  const jobs = useLabStore("sweeps", (s) => s.jobs);
  const base = useLabStore("sweeps", (s) => s.list?.find(({ id }) => id === s.openId)?.sweep.base ?? null);
  return useMemo(() => {
    const byKey = new Map(jobs.map((job) => [job.key, job]));
    return norms.flatMap(({ key, step, norms }): NormsRow[] => {
      const job = byKey.get(key);
      if (!job) return [];
      const words = [...assignmentWords(job.assignments), `seed ${job.seed}`, `step ${step}`].join(", ");
      return [{ key, words, norms, weights: weightsOf(job.assignments, base ? { ...base } : undefined) }];
    });
  }, [norms, jobs, base]);
}

function useRunNorms(): NormsRow[] {
  const running = useLabStore("run", underWay);
  const name = useLabStore("run", (s) => s.name);
  const experiment = useLabStore("run", (s) => s.experiment);
  // Curves grow in place: a change of the last point is what is watched.
  const last = useLabStore("run", (s) => s.stages.stage2.validation.at(-1) ?? null);
  return useMemo(() => {
    const norms = running && last ? gradientNorms(last.metrics) : null;
    if (!norms || !last) return [];
    const weights = weightsOf({}, experiment ? { ...experiment } : undefined);
    return [{ key: "run", words: `${name}, step ${last.step}`, norms, weights }];
  }, [running, last, name, experiment]);
}
