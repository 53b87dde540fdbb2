/** The figures of a chart as a table that opens: made only then, and no longer than a page can bear. */
import { useState } from "react";
import { count, plain } from "../../charts/words";
import type { Cell, Table } from "../../core/formats/export";

const MOST = 200;

export function FigureTable({ table, title }: { table: () => Table; title: string }) {
  const [open, setOpen] = useState(false);
  return (
    <details className="astable" onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>As a table</summary>
      {open ? <Rows {...table()} title={title} /> : null}
    </details>
  );
}

const words = (cell: Cell | undefined) =>
  cell === null || cell === undefined ? "–" : typeof cell === "number" ? plain(cell) : cell;

function Rows({ columns, rows, title }: Table & { title: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable with the keyboard.
    <section className="scrollx" tabIndex={0} aria-label={`${title} as a table`}>
      <table className="tbl">
        <thead>
          <tr>
            {columns.map((c) => (
              <th key={c} scope="col">
                {c}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST).map((row, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the rows of a table that is only read have no other name.
            <tr key={i}>
              {row.map((cell, c) => (
                <td key={columns[c]}>{words(cell)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MOST ? (
        <p className="caption">
          The first {MOST} of {count(rows.length)} rows; the file has all.
        </p>
      ) : null}
    </section>
  );
}
