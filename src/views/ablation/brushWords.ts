import { axisValue } from "../../charts/ablationWords";
import { settingWords } from "../../charts/settingWords";
import type { AblationReport } from "../../core/analysis/ablation";

/**
 * What the configurations within a brush have in common, in words: for each setting the value that is most over-represented
 * among them, where it is by half or more.
 */
export function brushWords(report: AblationReport, inside: readonly boolean[]): string {
  const all = report.configurations;
  const kept = all.filter((_, i) => inside[i]);
  if (kept.length === all.length)
    return all.length === 1 ? "The only configuration is shown." : `All ${all.length} configurations are shown.`;
  if (kept.length === 0)
    return all.length === 1
      ? "The only configuration does not lie within the brush."
      : `None of the ${all.length} configurations lies within the brush.`;
  const found = report.axes.flatMap(({ path, values }) =>
    values.flatMap((value) => {
      const among = kept.filter((c) => c.assignments[path] === value).length;
      const everywhere = all.filter((c) => c.assignments[path] === value).length;
      const lift = among / kept.length / (everywhere / all.length);
      return among >= 2 && lift >= 1.5 ? [{ path, value, among, everywhere, lift }] : [];
    }),
  );
  const top = found.sort((a, b) => b.lift - a.lift || b.among - a.among).slice(0, 2);
  const lead = `${kept.length} of ${all.length} ${kept.length === 1 ? "lies" : "lie"} within the brush.`;
  if (top.length === 0) return `${lead} No value of a setting stands out among them.`;
  const words = top.map(
    (t) =>
      `${t.among} of them have ${settingWords(t.path)} ${axisValue(t.path, t.value)}, which ${t.everywhere} of all ${all.length} have`,
  );
  return `${lead} ${words.join("; ")}.`;
}
