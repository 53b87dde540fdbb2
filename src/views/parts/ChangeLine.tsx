import { settingWords, valueWords } from "../../charts/settingWords";
import { differences } from "../../core/config/paths";
import type { Experiment } from "../../core/config/schema";

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
