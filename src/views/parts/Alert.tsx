/** What happened, what to do, and the actions for it. */
import type { ReactNode } from "react";
import type { ErrorReport } from "../../worker/protocol";
import { Icon } from "./icons";

export function Alert({
  report,
  list,
  kind = "bad",
  children,
}: {
  report: Pick<ErrorReport, "message" | "remedy">;
  /** More than one thing to say: a list in place of the remedy's sentence. */
  list?: readonly string[];
  kind?: "bad" | "warn";
  children?: ReactNode;
}) {
  // Faults of files come one a line, under a first line that counts them.
  const [message, ...faults] = report.message.split("\n");
  return (
    <section className={`alert ${kind}`} role="alert">
      <Icon name="warning" size={20} />
      <div>
        <h2>{message}</h2>
        {faults.length > 0 ? <Lines lines={faults} /> : null}
        {list ? <Lines lines={list} /> : <p>{report.remedy}</p>}
        {children ? <div className="acts">{children}</div> : null}
      </div>
    </section>
  );
}

function Lines({ lines }: { lines: readonly string[] }) {
  return (
    <ul>
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}
