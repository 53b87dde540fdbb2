/** The trials of the sweep on show, each as it stands, and the hand on the sweep. */
import { STAGE_WORDS } from "../../app/stageWords";
import { assignmentWords } from "../../charts/settingWords";
import { count, duration, percent } from "../../charts/words";
import { useLab, useLabStore } from "../../state/context";
import { canGoOn } from "../../state/sweeps";
import type { SweepAt, SweepJob } from "../../worker/protocol";
import { Button } from "../parts/Button";
import { Icon, type IconName } from "../parts/icons";

const ICONS: Record<SweepJob["status"], IconName> = {
  waiting: "waiting",
  running: "running",
  done: "check",
  skipped: "check",
  failed: "warning",
};
const MOST = 200;

/** "MSE weight 2, cosine weight 1, seed 7" */
function jobWords({ assignments, seed }: SweepJob, seeds: boolean): string {
  const parts = assignmentWords(assignments);
  return [...parts, ...(seeds || parts.length === 0 ? [`seed ${seed}`] : [])].join(", ");
}

export function QueueCard() {
  const { sweeps } = useLab();
  const row = useLabStore("sweeps", (s) => s.list?.find(({ id }) => id === s.openId) ?? null);
  const jobs = useLabStore("sweeps", (s) => s.jobs);
  const at = useLabStore("sweeps", (s) => s.at);
  const doing = useLabStore("sweeps", (s) => s.doing);
  const eta = useLabStore("sweeps", (s) => s.etaSeconds);
  const busy = useLabStore("sweeps", (s) => s.busy);
  const owner = useLabStore("lock", (s) => s.owner);
  if (!row) return null;
  const hand = sweeps.getState();
  const isDisabled = busy || owner !== "here";
  const left = jobs.filter(({ status }) => status === "waiting" || status === "running").length;
  const failed = jobs.filter(({ status }) => status === "failed").length;
  const underWay = row.status === "running" || row.status === "paused";
  const said = {
    running: eta === null || left === 0 ? `${left} left` : `${left} left, about ${duration(eta)}`,
    paused: `paused, ${left} left`,
    done: failed > 0 ? `done, ${failed} failed` : "done",
    stopped: `stopped, ${left} left`,
    interrupted: `cut off, ${left} left`,
    failed: `ended early, ${left} left`,
  }[row.status];
  const seeds = new Set(jobs.map(({ seed }) => seed)).size > 1;
  // What runs and what comes next is looked at first.
  const from = jobs.length <= MOST ? 0 : Math.max(0, jobs.findIndex(({ status }) => status === "running") - 20);
  return (
    <section className="card queuecard" aria-labelledby="queue-title">
      <header>
        <h2 id="queue-title">Queue</h2>
        <span className="sub" role="status">
          {row.name}: {said}
        </span>
        <div className="end">
          {underWay || canGoOn(row) ? (
            // One button in both roles, and not disabled while a command is on its way: the keyboard's focus stays.
            <Button
              look={row.status === "running" ? "" : "primary"}
              icon={row.status === "running" ? "pause" : "play"}
              isDisabled={owner !== "here"}
              onPress={() => {
                if (!busy) void (row.status === "running" ? hand.pause() : hand.goOn(row.id));
              }}
            >
              {row.status === "running" ? "Pause" : "Go on"}
            </Button>
          ) : null}
          {underWay ? (
            <Button icon="stop" isDisabled={isDisabled} onPress={() => void hand.stop()}>
              Stop
            </Button>
          ) : failed > 0 ? (
            <Button isDisabled={isDisabled} onPress={() => void hand.goOn(row.id, true)}>
              Try the failed again
            </Button>
          ) : null}
        </div>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable with the keyboard. */}
      <section className="queuescroll" tabIndex={0} aria-label="Trials in the queue">
        <ul className="queue">
          {jobs.slice(from, from + MOST).map((job) => (
            <li key={job.key} className={job.status}>
              <Icon name={ICONS[job.status]} />
              <span>
                {jobWords(job, seeds)}
                {job.status === "failed" && job.words ? <span className="why"> {job.words}</span> : null}
              </span>
              <JobState job={job} at={at} />
            </li>
          ))}
        </ul>
      </section>
      {jobs.length > MOST ? (
        <p className="caption">
          {MOST} of {count(jobs.length)} are listed.
        </p>
      ) : null}
      {doing ? <p className="caption">{doing[0]!.toUpperCase() + doing.slice(1)}.</p> : null}
    </section>
  );
}

function JobState({ job, at }: { job: SweepJob; at: SweepAt | null }) {
  if (job.status !== "running")
    return <span className="num">{job.status === "skipped" ? "stored before" : job.status}</span>;
  if (!at || at.total === 0) return <span className="num">starting</span>;
  const part = Math.min(1, at.done / at.total);
  return (
    <span className="num">
      <span className="bar" aria-hidden="true">
        <i style={{ width: `${100 * part}%` }} />
      </span>
      {STAGE_WORDS[at.stage]}
      {at.students > 1 ? `, ${at.students} at once` : ""}, {percent(part, 0)}
    </span>
  );
}
