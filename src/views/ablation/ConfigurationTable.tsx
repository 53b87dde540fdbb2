/** The configurations, one a row: the settings in which they differ, the figure, and how it compares with the best. */
import { useMemo, useState } from "react";
import { axisTitle, configurationWords, figureWords } from "../../charts/ablationData";
import { extent } from "../../charts/series";
import { settingWords, valueWords } from "../../charts/settingWords";
import { whisker } from "../../charts/spark";
import { svgReact } from "../../charts/svg";
import { LOOKS } from "../../charts/systems";
import { count, signed } from "../../charts/words";
import type { AblationReport } from "../../core/analysis/ablation";
import type { SettingValue } from "../../core/config/paths";
import { SETTINGS } from "../../core/config/paths";
import { Button } from "../parts/Button";

const FIGURE = "figure";
const MOST = 100;

export function ConfigurationTable({
  report,
  selected,
  onSelect,
  onApply,
}: {
  report: AblationReport;
  selected: number;
  onSelect: (key: string) => void;
  onApply: (assignments: Record<string, SettingValue>) => void;
}) {
  const [sort, setSort] = useState<{ by: string; up: boolean }>({ by: FIGURE, up: report.less });
  const words = figureWords(report.metric);
  const differences = useMemo(() => new Map(report.best?.rivals.map((r) => [r.group, r])), [report]);
  const rows = useMemo(() => {
    const value = (i: number): number | string => {
      const c = report.configurations[i]!;
      if (sort.by === FIGURE)
        return c.estimate.value ?? (sort.up ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY);
      const v = c.assignments[sort.by];
      return typeof v === "number" ? v : String(v ?? "");
    };
    const order = report.configurations.map((_, i) => i);
    return order.sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      return (x < y ? -1 : Number(x > y)) * (sort.up ? 1 : -1) || a - b;
    });
  }, [report, sort]);
  const reach = extent(
    report.configurations.flatMap((c) => [c.estimate.low ?? Number.NaN, c.estimate.high ?? Number.NaN]),
  );
  const hidden = SETTINGS.length - report.axes.length;
  const head = (by: string, label: string, left: boolean) => (
    <th
      key={by}
      scope="col"
      className={left ? "l" : ""}
      aria-sort={sort.by === by ? (sort.up ? "ascending" : "descending") : "none"}
    >
      <button
        type="button"
        className="sorter"
        onClick={() => setSort({ by, up: sort.by === by ? !sort.up : by !== FIGURE || report.less })}
      >
        {label}
        <span aria-hidden="true">{sort.by === by ? (sort.up ? " ↑" : " ↓") : ""}</span>
      </button>
    </th>
  );
  return (
    <section className="card" aria-labelledby="configurations-title">
      <header>
        <h2 id="configurations-title">Configurations</h2>
        <span className="sub">
          {report.axes.length} {report.axes.length === 1 ? "setting differs" : "settings differ"}; {hidden} equal ones
          are hidden
        </span>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable with the keyboard. */}
      <section className="scrollx configurations" tabIndex={0} aria-label="Configurations">
        <table className="tbl sweeptable cards-s">
          <thead>
            <tr>
              {report.axes.map((axis) => head(axis.path, axisTitle(axis.path), !axis.numeric))}
              <th scope="col">Seeds</th>
              {head(FIGURE, report.metric, false)}
              <th scope="col">To the best</th>
              <th scope="col">
                <span className="sr">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, MOST).map((i) => {
              const c = report.configurations[i]!;
              const rival = differences.get(i);
              const best = report.best?.group === i;
              return (
                <tr key={c.key} className={i === selected ? "selected" : ""}>
                  {report.axes.map((axis) => {
                    const v = c.assignments[axis.path];
                    return (
                      <td key={axis.path} className={axis.numeric ? "" : "l"} data-label={axisTitle(axis.path)}>
                        {v === undefined ? "–" : valueWords(axis.path, v)}
                      </td>
                    );
                  })}
                  <td data-label="Seeds">{c.seeds.length}</td>
                  <td data-label={report.metric} className={`${best ? "best" : ""} ${LOOKS[report.system].className}`}>
                    {reach ? svgReact(whisker(c.estimate, reach, { width: 120 })) : null}
                    {c.estimate.value === null ? <span title={c.estimate.reason}>–</span> : words(c.estimate.value)}
                    <span className="ci">
                      {c.estimate.low === null || c.estimate.high === null
                        ? ""
                        : `[${words(c.estimate.low)}, ${words(c.estimate.high)}]`}
                    </span>
                  </td>
                  <td data-label="To the best">
                    {best
                      ? "best"
                      : rival
                        ? `${signed(rival.difference)} ${rival.verdict === "not comparable" ? "" : rival.verdict}`
                        : "–"}
                  </td>
                  <td className="acts">
                    <Button
                      look="quiet"
                      isDisabled={i === selected}
                      onPress={() => onSelect(c.key)}
                      aria-label={`Select ${configurationWords(c.assignments, report.axes)}`}
                    >
                      Select
                    </Button>
                    <Button
                      look="quiet"
                      onPress={() => onApply(c.assignments)}
                      aria-label={`Apply to the Lab: ${configurationWords(c.assignments, report.axes)}`}
                    >
                      Apply to the Lab
                    </Button>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
      {rows.length > MOST ? (
        <p className="caption">
          The first {MOST} of {count(rows.length)}, sorted by{" "}
          {sort.by === FIGURE ? report.metric : settingWords(sort.by)}.
        </p>
      ) : null}
    </section>
  );
}
