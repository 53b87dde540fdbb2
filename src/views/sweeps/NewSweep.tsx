/** A new sweep: what the Lab has on its form, settings to vary, seeds, what is measured; and what it will take. */
import { useEffect, useMemo, useRef, useState } from "react";
import { axisTitle } from "../../charts/ablationWords";
import { LOOKS } from "../../charts/systems";
import { count, duration, flops } from "../../charts/words";
import { getSetting, settingEntry } from "../../core/config/paths";
import { MOST_TOGETHER, studentsTogether } from "../../core/config/together";
import { LabError } from "../../core/errors";
import { SYSTEMS } from "../../core/formats/result";
import { toReport } from "../../state/client";
import { useLab, useLabStore } from "../../state/context";
import type { SweepInput } from "../../state/sweeps";
import type { ErrorReport, SweepPlan } from "../../worker/protocol";
import { Alert } from "../parts/Alert";
import { Button } from "../parts/Button";
import { Check } from "../parts/Check";
import { Choice } from "../parts/Choice";
import { Segmented } from "../parts/Segmented";
import { TextInput } from "../parts/TextInput";
import { AXES, axisProblem, type Draft, type DraftAxis, MOST_SEEDS, newAxis, optionsOf, sweepOf } from "./draft";
import { useWhyNot } from "./useWhyNot";

// A value that is being typed asks once it rests.
const REST_MS = 300;

export function NewSweep({ defaults, onClose }: { defaults: Draft; onClose: () => void }) {
  const { sweeps, lab } = useLab();
  const base = useLabStore("lab", (s) => s.experiment);
  const preset = useLabStore("lab", (s) => s.preset);
  const busy = useLabStore("sweeps", (s) => s.busy);
  const adapter = useLabStore("device", (s) => s.report?.adapter ?? null);
  const why = useWhyNot();
  const [draft, setDraft] = useState(defaults);
  const change = (more: Partial<Draft>) => setDraft((before) => ({ ...before, ...more }));
  const wanted = useMemo(() => tried(() => sweepOf(draft, base)), [draft, base]);
  const { plan, problem } = usePlan(wanted.value);
  const refused = wanted.problem ?? problem;
  const ready = wanted.value !== null && plan !== null && why === "" && !busy;
  const section = useRef<HTMLElement>(null);
  useEffect(() => section.current?.querySelector("input")?.focus(), []);
  // Why they go one by one here; the worker holds to it too.
  const oneByOne = adapter !== null && studentsTogether(adapter) === 1;
  const together = draft.stacked && !oneByOne;
  const start = async () => {
    if (wanted.value && (await sweeps.getState().start(wanted.value, together ? MOST_TOGETHER : 1))) onClose();
  };
  return (
    <section ref={section} className="card newsweep" aria-labelledby="newsweep-title">
      <header>
        <h2 id="newsweep-title">New sweep</h2>
        <span className="sub">
          from what the <a href="#/lab">Lab</a> has on its form (preset {preset})
        </span>
        <div className="end">
          <Button look="quiet" icon="close" label="Close the new sweep" onPress={onClose} />
        </div>
      </header>
      <div className="body">
        <div className="row">
          <TextInput label="Name" value={draft.name} onChange={(name) => change({ name })} />
          <div className="field">
            <span className="label">Trials</span>
            <Segmented
              label="Which trials"
              value={draft.mode}
              onChange={(mode) => change({ mode })}
              options={[
                { id: "grid", label: "every combination" },
                { id: "random", label: "random" },
              ]}
            />
          </div>
          {draft.mode === "random" ? (
            <Choice
              label="Random draws"
              value={String(draft.samples)}
              options={[5, 10, 20, 50, 100, 200].map((n) => ({ id: String(n), label: `${n} draws` }))}
              onChange={(n) => change({ samples: Number(n) })}
            />
          ) : null}
          <Choice
            label="Seeds"
            value={String(draft.seeds)}
            options={Array.from({ length: MOST_SEEDS }, (_, i) => ({
              id: String(i + 1),
              label: i === 0 ? "1 seed" : `${i + 1} seeds`,
              note: i === 0 ? "says nothing of other seeds" : undefined,
            }))}
            onChange={(n) => change({ seeds: Number(n) })}
          />
        </div>
        {draft.axes.map((axis) => (
          <AxisField
            key={axis.path}
            axis={axis}
            mode={draft.mode}
            onChange={(next) => change({ axes: draft.axes.map((a) => (a.path === axis.path ? next : a)) })}
            onRemove={() => change({ axes: draft.axes.filter((a) => a.path !== axis.path) })}
          />
        ))}
        <Choice
          label="Vary another setting"
          value=""
          options={[
            { id: "", label: "Vary another setting" },
            ...AXES.filter(({ path }) => !draft.axes.some((a) => a.path === path)).map(({ path, info }) => ({
              id: path,
              label: axisTitle(path),
              note: info.help,
            })),
          ]}
          onChange={(path) => {
            if (path) change({ axes: [...draft.axes, newAxis(path, getSetting(base, path))] });
          }}
        />
        <fieldset className="row">
          <legend className="label">Measured</legend>
          {SYSTEMS.map((system) => (
            <Check
              key={system}
              checked={draft.systems.includes(system)}
              onChange={(on) =>
                change({ systems: SYSTEMS.filter((s) => (s === system ? on : draft.systems.includes(s))) })
              }
            >
              {LOOKS[system].label}
            </Check>
          ))}
        </fieldset>
        <Check checked={together} disabled={oneByOne} onChange={(stacked) => change({ stacked })}>
          Train students side by side where they differ in loss weights, learning rates or start alone
        </Check>
        {oneByOne ? (
          <p className="help">
            Here they are trained one by one: this adapter is a CPU, where side by side each takes as long or longer.
          </p>
        ) : null}
        {refused ? <Alert report={refused} /> : null}
        {plan?.idle.map(({ path, words }) => (
          <Alert
            key={path}
            kind="warn"
            report={{ message: `${axisTitle(path)} cannot change anything here`, remedy: capital(words) }}
          />
        ))}
        <div className="acts">
          <Button look="primary" icon="play" isDisabled={!ready} onPress={() => void start()}>
            Start the sweep
          </Button>
          <p className="help" aria-live="polite">
            {why || (plan ? planWords(plan) : refused ? "" : "Counting the trials.")}
          </p>
          {lab.getState().experiment.data.source === "files" ? (
            <p className="help">A copy of your data is kept with the sweep.</p>
          ) : null}
        </div>
      </div>
    </section>
  );
}

const capital = (words: string) => words[0]!.toUpperCase() + words.slice(1);

/** "9 trials, 3 of them measured before; 1.2 TFLOP, about 3 min at the speed of the last sweep." */
function planWords({ trials, stored, flops: work, seconds }: SweepPlan): string {
  const before = stored > 0 ? `, ${count(stored)} of them measured before` : "";
  const time =
    stored === trials
      ? ""
      : seconds === null
        ? "; how long that takes is known after the first trial"
        : `, about ${duration(seconds)} at the speed of the last sweep here`;
  return `${count(trials)} ${trials === 1 ? "trial" : "trials"}${before}; ${flops(work)}${time}.`;
}

function tried<T>(make: () => T): { value: T | null; problem: ErrorReport | null } {
  try {
    return { value: make(), problem: null };
  } catch (error) {
    if (error instanceof LabError) return { value: null, problem: toReport(error) };
    throw error;
  }
}

/** What a sweep would take; asked once the form rests. */
function usePlan(sweep: SweepInput | null): { plan: SweepPlan | null; problem: ErrorReport | null } {
  const { sweeps } = useLab();
  const [state, setState] = useState<{ of: unknown; plan: SweepPlan | null; problem: ErrorReport | null }>({
    of: null,
    plan: null,
    problem: null,
  });
  useEffect(() => {
    if (!sweep) return;
    let wanted = true;
    const timer = setTimeout(() => {
      sweeps
        .getState()
        .plan(sweep)
        .then(
          (plan) => {
            if (wanted) setState({ of: sweep, plan, problem: null });
          },
          (cause: unknown) => {
            if (wanted) setState({ of: sweep, plan: null, problem: toReport(cause) });
          },
        );
    }, REST_MS);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [sweeps, sweep]);
  return sweep !== null && state.of === sweep ? state : { plan: null, problem: null };
}

function AxisField({
  axis,
  mode,
  onChange,
  onRemove,
}: {
  axis: DraftAxis;
  mode: Draft["mode"];
  onChange: (axis: DraftAxis) => void;
  onRemove: () => void;
}) {
  const entry = settingEntry(axis.path);
  const { kind, info } = entry;
  const ticked = kind === "choice" || kind === "flag";
  const problem = axisProblem(axis, mode);
  const title = axisTitle(axis.path);
  const range = kind === "number" ? `${info.min} to ${info.max}${info.unit ? ` ${info.unit}` : ""}` : "";
  return (
    <div className="axis">
      {ticked ? (
        <fieldset className="field">
          <legend className="label">{title}</legend>
          <div className="row">
            {optionsOf(entry).map(({ id, label }) => (
              <Check
                key={id}
                checked={axis.picked.includes(id)}
                onChange={(on) =>
                  onChange({ ...axis, picked: on ? [...axis.picked, id] : axis.picked.filter((p) => p !== id) })
                }
              >
                {label}
              </Check>
            ))}
          </div>
          {problem ? <p className="help notice">{problem}</p> : <p className="help">{info.help}</p>}
        </fieldset>
      ) : (
        <TextInput
          label={title}
          value={axis.text}
          onChange={(text) => onChange({ ...axis, text })}
          help={
            problem ? (
              <span className="notice">{problem}</span>
            ) : mode === "random" && kind === "number" ? (
              `Values with commas between them, low..high, or nothing for all of ${range}.`
            ) : (
              `Values with commas between them${range ? `, each ${range}` : ""}. ${info.help}`
            )
          }
        />
      )}
      <Button look="quiet" icon="trash" label={`Do not vary ${title}`} onPress={onRemove} />
    </div>
  );
}
