/** The configurations, one a row: the settings in which they differ, the figure, and how it compares with the best. */
import { useMemo, useState } from "react";
import { axisTitle, configurationWords, figureWords } from "../../charts/ablationWords";
import { extent } from "../../charts/series";
import { settingWords, valueWords } from "../../charts/settingWords";
import { whisker } from "../../charts/spark";
import { svgReact } from "../../charts/svg";
import { LOOKS } from "../../charts/systems";
import { count, signed } from "../../charts/words";
import type { AblationReport } from "../../core/analysis/ablation";
import { configurationMeans } from "../../core/analysis/tables";
import { lessIsBetter, metricsOf, type Trial } from "../../core/analysis/trial";
import type { SettingValue } from "../../core/config/paths";
import { SETTINGS } from "../../core/config/paths";
import { Button } from "../parts/Button";
import { Segmented } from "../parts/Segmented";

const FIGURE = "figure";
const MOST = 100;

/** How many seeds a mean is of: "2", or "1 of 2" where not all of them have a figure. */
const seedsOf = ({ seeds, estimate }: AblationReport["configurations"][number]): string =>
  estimate.seeds.length === seeds.length ? count(seeds.length) : `${estimate.seeds.length} of ${seeds.length}`;

export function ConfigurationTable({
  report,
  trials,
  selected,
  onSelect,
  onApply,
}: {
  report: AblationReport;
  trials: readonly Trial[];
  selected: number;
  onSelect: (key: string) => void;
  onApply: (assignments: Record<string, SettingValue>) => void;
}) {
  const [wanted, setSort] = useState<{ by: string; up: boolean }>({ by: FIGURE, up: report.less });
  const [wide, setWide] = useState<"one" | "all">("one");
  const others = useMemo(
    () => (wide === "all" ? metricsOf(trials, report.system).filter((m) => m !== report.metric) : []),
    [wide, trials, report],
  );
  // A column that is not there any more sorts nothing.
  const there = report.axes.some((a) => a.path === wanted.by) || others.includes(wanted.by);
  const sort = useMemo(
    () => (there ? wanted : { by: FIGURE, up: wanted.by === FIGURE ? wanted.up : report.less }),
    [there, wanted, report],
  );
  const means = useMemo(() => configurationMeans(trials, report.system, others), [trials, report, others]);
  const words = figureWords(report.metric);
  const differences = useMemo(() => new Map(report.best?.rivals.map((r) => [r.group, r])), [report]);
  const rows = useMemo(() => {
    const value = (i: number): number | string => {
      const c = report.configurations[i]!;
      if (sort.by === FIGURE)
        return c.estimate.value ?? (sort.up ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY);
      const other = means.get(c.key);
      if (other && sort.by in other)
        return other[sort.by] ?? (sort.up ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY);
      const v = c.assignments[sort.by];
      return typeof v === "number" ? v : String(v ?? "");
    };
    const order = report.configurations.map((_, i) => i);
    return order.sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      return (x < y ? -1 : Number(x > y)) * (sort.up ? 1 : -1) || a - b;
    });
  }, [report, sort, means]);
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
        onClick={() =>
          setSort({
            by,
            up: sort.by === by ? !sort.up : by === FIGURE ? report.less : others.includes(by) ? lessIsBetter(by) : true,
          })
        }
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
        <div className="end">
          <Segmented
            label="Measures in the table"
            value={wide}
            onChange={setWide}
            options={[
              { id: "one", label: report.metric },
              { id: "all", label: "all measures" },
            ]}
          />
        </div>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable with the keyboard. */}
      <section className="scrollx configurations" tabIndex={0} aria-label="Table of configurations">
        <table className="tbl sweeptable cards-s">
          <thead>
            <tr>
              {report.axes.map((axis) => head(axis.path, axisTitle(axis.path), !axis.numeric))}
              <th scope="col">Seeds</th>
              {head(FIGURE, report.metric, false)}
              <th scope="col">To the best</th>
              {others.map((m) => head(m, m, false))}
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
                  <td data-label="Seeds">{seedsOf(c)}</td>
                  <td data-label={report.metric} className={`${best ? "best" : ""} ${LOOKS[report.system].className}`}>
                    {reach ? svgReact(whisker(c.estimate, reach, { width: 120 })) : null}
                    <span className="figure" title={c.estimate.reason}>
                      {c.estimate.value === null ? "–" : words(c.estimate.value)}
                    </span>
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
                  {others.map((m) => {
                    const v = means.get(c.key)?.[m] ?? null;
                    return (
                      <td key={m} data-label={m}>
                        {v === null ? "–" : figureWords(m)(v)}
                      </td>
                    );
                  })}
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
          {sort.by === FIGURE ? report.metric : others.includes(sort.by) ? sort.by : settingWords(sort.by)}.
        </p>
      ) : null}
    </section>
  );
}
