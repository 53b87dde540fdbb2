import { type ReactNode, useState } from "react";
import { useLab, useLabStore } from "../state/context";
import { underWay } from "../state/run";
import { currentStage } from "../state/stages";
import { sweepUnderWay } from "../state/sweeps";
import { THEMES } from "../state/theme";
import { Button } from "../views/parts/Button";
import type { ViewName } from "./route";
import { STAGE_WORDS } from "./stageWords";

const VIEW_WORDS: Record<ViewName, string> = {
  lab: "Lab",
  scaling: "Scaling",
  ablation: "Ablation",
  search: "Search",
  runs: "Runs",
};
const THEME_WORDS = { system: "as the system", light: "light", dark: "dark" } as const;

export function Header({ view, onHelp }: { view: ViewName; onHelp: () => void }) {
  return (
    <header className="top">
      <a className="brand" href="#/lab">
        <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true" focusable="false" fill="currentColor">
          <path d="M2 3.5h7v2.6H2zM2 7.7h7v2.6H2zM2 11.9h7v2.6H2zM11 11.9h7v2.6h-7z" />
          <path d="M2 17h16" stroke="currentColor" strokeWidth="1.4" />
        </svg>
        ScalingNote Lab
      </a>
      <nav aria-label="Views">
        {(Object.keys(VIEW_WORDS) as ViewName[]).map((v) => (
          <a key={v} href={`#/${v}`} {...(v === view ? { "aria-current": "page" as const } : {})}>
            {VIEW_WORDS[v]}
          </a>
        ))}
      </nav>
      <div className="end">
        <LiveChip />
        <ShareButton />
        <ThemeButton />
        <Button look="quiet" label="Keyboard shortcuts" onPress={onHelp}>
          <kbd>?</kbd>
        </Button>
      </div>
    </header>
  );
}

function LiveChip() {
  const on = useLabStore("run", underWay);
  const name = useLabStore("run", (s) => s.name);
  const stages = useLabStore("run", (s) => s.stages);
  const paused = useLabStore("run", (s) => s.status === "paused");
  const sweep = useLabStore("sweeps", sweepUnderWay);
  if (!on && sweep)
    return (
      <Chip name={sweep.name} part={sweep.total > 0 ? sweep.finished / sweep.total : 0}>
        {sweep.status === "paused" ? "paused, " : ""}
        {sweep.finished} of {sweep.total} trials
      </Chip>
    );
  if (!on) return null;
  const stage = currentStage(stages);
  const part = stage && stage.total > 0 ? stage.done / stage.total : 0;
  return (
    <Chip name={name} part={part}>
      {paused ? "paused, " : ""}
      {stage ? `${STAGE_WORDS[stage.name]}, ${Math.round(part * 100)} %` : "starting"}
    </Chip>
  );
}

/** What is under way, with a ring that says how far it is. */
function Chip({ name, part, children }: { name: string; part: number; children: ReactNode }) {
  const around = 2 * Math.PI * 5.5;
  return (
    <span className="livechip">
      <svg
        width="14"
        height="14"
        viewBox="0 0 14 14"
        aria-hidden="true"
        focusable="false"
        fill="none"
        strokeWidth="2.5"
      >
        <circle cx="7" cy="7" r="5.5" stroke="var(--surface-3)" />
        <circle
          cx="7"
          cy="7"
          r="5.5"
          stroke="var(--ink)"
          strokeDasharray={`${part * around} ${around}`}
          transform="rotate(-90 7 7)"
        />
      </svg>
      <b>{name}</b>
      <span>{children}</span>
    </span>
  );
}

function ShareButton() {
  const { lab } = useLab();
  const [copied, setCopied] = useState(false);
  const share = async () => {
    // The address itself carries the settings, also where the clipboard is closed to the page.
    history.replaceState(null, "", lab.getState().link());
    try {
      await navigator.clipboard.writeText(location.href);
      setCopied(true);
      setTimeout(() => setCopied(false), 2000);
    } catch {
      setCopied(false);
    }
  };
  return (
    <Button look="quiet" icon="link" label="Share: copy a link with these settings" onPress={() => void share()}>
      <span className="hide-s">{copied ? "Copied" : "Share"}</span>
    </Button>
  );
}

function ThemeButton() {
  const theme = useLabStore("theme", (s) => s.theme);
  const set = useLabStore("theme", (s) => s.set);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!;
  return (
    <Button
      look="quiet"
      icon="theme"
      label={`Theme: ${THEME_WORDS[theme]}. Switch to ${THEME_WORDS[next]}`}
      onPress={() => set(next)}
    />
  );
}
