import { plain } from "../../charts/words";
import { differences, SETTINGS } from "../../core/config/paths";
import type { Experiment } from "../../core/config/schema";

const LABELS = new Map(SETTINGS.map((s) => [s.path, s.info]));
const GROUP_WORDS: Record<string, string> = {
  stage1: "stage 1",
  stage2: "stage 2",
  teacher: "teacher",
  student: "student",
};

/** What differs between two experiments: setting old → new. */
export function ChangeLine({ from, to, most = 4 }: { from: Experiment; to: Experiment; most?: number }) {
  const changes = differences(from, to);
  if (changes.length === 0) return <span className="mut">no difference</span>;
  return (
    <>
      {changes.slice(0, most).map((d, i) => (
        <span key={d.path}>
          {i > 0 ? ", " : ""}
          <span className="diff">
            {settingWords(d.path)} <s>{valueWords(d.path, d.from)}</s> → <b>{valueWords(d.path, d.to)}</b>
          </span>
        </span>
      ))}
      {changes.length > most ? ` and ${changes.length - most} more` : ""}
    </>
  );
}

/** "stage 1 steps", "MSE weight": the label, and where two groups share it, the group before it. */
export function settingWords(path: string): string {
  const label = LABELS.get(path)?.label ?? path;
  const lower = /^[A-Z][a-z]/.test(label) ? label[0]!.toLowerCase() + label.slice(1) : label;
  const shared = [...LABELS.values()].filter((i) => i.label === label).length > 1;
  const group = GROUP_WORDS[path.split(".")[0] ?? ""];
  return shared && group ? `${group} ${lower}` : lower;
}

export function valueWords(path: string, value: unknown): string {
  if (typeof value === "number") return plain(value);
  if (typeof value === "boolean") return value ? "on" : "off";
  const text = String(value ?? "none");
  return LABELS.get(path)?.choices?.[text] ?? (text || "none");
}
