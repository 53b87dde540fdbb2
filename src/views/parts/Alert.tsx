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
  return (
    <section className={`alert ${kind}`} role="alert">
      <Icon name="warning" size={20} />
      <div>
        <h2>{report.message}</h2>
        {list ? (
          <ul>
            {list.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        ) : (
          <p>{report.remedy}</p>
        )}
        {children ? <div className="acts">{children}</div> : null}
      </div>
    </section>
  );
}
