import { Input, Label, NumberField } from "react-aria-components";
import { type Role, roleOf, withRole } from "../../core/data/columns";
import { counted } from "../../core/data/problems";
import { useLab, useLabStore } from "../../state/context";
import { Check } from "../parts/Check";
import { Choice } from "../parts/Choice";
import { PreviewTable } from "../parts/PreviewTable";

const ROLES: readonly { id: Role; label: string; note: string }[] = [
  { id: "query", label: "query", note: "What is asked." },
  { id: "positive", label: "positive", note: "The text that answers it." },
  { id: "negative", label: "negative", note: "A text that does not answer it." },
  { id: "score", label: "score", note: "How well the positive answers the query." },
  { id: "unused", label: "not used", note: "Passed over." },
];

/** Which column of a table is what, guessed by the names, with the first rows to judge it by. */
export function ColumnChoice({ disabled }: { disabled: boolean }) {
  const { data } = useLab();
  const preview = useLabStore("data", (s) => s.preview);
  const columns = useLabStore("data", (s) => s.columns);
  if (!preview?.table || !columns) return null;
  const { names, rows } = preview.table;
  const delimited = /\.(csv|tsv)(\.gz)?$/i.test(preview.files[0]?.path ?? "");
  const { setColumns, setHeader } = data.getState();
  return (
    <>
      <p>
        <b>{preview.name}</b> is a table of {counted(names.length, "column")}. Every different positive and negative
        becomes a document, every different query a query.
      </p>
      <ul className="columnchoice" aria-label="Columns">
        {names.map((name, i) => (
          <li key={name}>
            <span>
              <b>{name}</b>
              <span className="help">{rows[0]?.[i] ?? ""}</span>
            </span>
            <Choice
              label={`Column ${name} is`}
              value={roleOf(columns, name)}
              options={ROLES}
              disabled={disabled}
              onChange={(role) => setColumns(withRole(columns, name, role))}
            />
          </li>
        ))}
      </ul>
      {columns.score !== null ? (
        <NumberField
          className="line"
          value={columns.relevantFrom}
          isDisabled={disabled}
          onChange={(relevantFrom) => {
            if (Number.isFinite(relevantFrom)) setColumns({ ...columns, relevantFrom });
          }}
        >
          <Label>An answer from a score of</Label>
          <Input className="input" />
        </NumberField>
      ) : null}
      {delimited ? (
        <Check checked={columns.header} disabled={disabled} onChange={(header) => void setHeader(header)}>
          The first row holds the columns' names
        </Check>
      ) : null}
      <PreviewTable label="First rows" names={names} rows={rows} />
    </>
  );
}
