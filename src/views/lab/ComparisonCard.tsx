import { memo } from "react";
import { extent } from "../../charts/series";
import { whisker } from "../../charts/spark";
import { svgReact } from "../../charts/svg";
import { LOOKS } from "../../charts/systems";
import { useLabStore } from "../../state/context";
import { comparisonLine } from "./results";

/** Paired differences on the same queries: what two intervals side by side cannot tell. */
export const ComparisonCard = memo(function ComparisonCard() {
  const all = useLabStore("run", (s) => s.result?.comparisons ?? null);
  const shown = (all ?? []).filter((c) => c.metric === "recall@10");
  if (shown.length === 0) return null;
  const reach = extent(shown.flatMap((c) => [c.difference.low ?? 0, c.difference.high ?? 0]));
  const most = Math.max(0.01, Math.abs(reach?.[0] ?? 0), Math.abs(reach?.[1] ?? 0)) * 1.05;
  return (
    <section className="card" aria-labelledby="compared-title">
      <header>
        <h2 id="compared-title">Compared</h2>
        <span className="sub">recall@10, paired over the test queries</span>
      </header>
      <ul className="compared">
        {shown.map((c) => {
          const line = comparisonLine(c);
          return (
            <li key={`${c.a} ${c.b}`} className={LOOKS[c.a].className}>
              <b>{line.text}</b>
              {svgReact(whisker(c.difference, [-most, most], { width: 360 }))}
              <span className="verdict">{line.verdict}</span>
            </li>
          );
        })}
      </ul>
    </section>
  );
});
