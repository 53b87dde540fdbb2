/** The first rows of something that is about to be loaded. Values are shown as text, cut where they are long. */
export function PreviewTable({
  label,
  names,
  rows,
}: {
  label: string;
  names: readonly string[];
  rows: readonly (readonly string[])[];
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a table wider than its frame is scrolled with the keyboard.
    <section className="previewtable" aria-label={label} tabIndex={0}>
      <table className="tbl">
        <thead>
          <tr>
            {names.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other name, and never move.
            <tr key={i}>
              {row.map((value, j) => (
                <td key={names[j]}>{value}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
