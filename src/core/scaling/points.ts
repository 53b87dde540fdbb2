/** Points of a scaling law out of a CSV file with a header line; semicolons or tabs may stand in the commas' place. */
import { parse } from "csv-parse/sync";
import { LabError } from "../errors";
import type { Law, ScalingPoint } from "./laws";

/** Which column holds what. N: size; D: data; C: training FLOPs, from which D = C / (6 N); L: loss. */
export type PointColumns = Partial<Record<"N" | "D" | "C" | "L", string>>;

/** Column names that are found without being told. */
const USUAL: Record<keyof PointColumns, readonly string[]> = {
  N: ["n", "parameters"],
  D: ["d", "pairs", "tokens"],
  C: ["c", "flops"],
  L: ["l", "loss"],
};

/** Floating-point operations a parameter and token: forward 2, backward 4 (Kaplan et al. 2020). */
const FLOPS = 6;

/**
 * @param name of the file, for messages
 * @throws LabError "bad-input" with line and column: no such column, a value that is no number above 0
 */
export function readPoints(text: string, name: string, law: Law, columns: PointColumns): ScalingPoint[] {
  const rows = rowsOf(text, name);
  const [head, ...body] = rows;
  if (!head) throw new LabError("bad-input", `${name} is empty.`, "Give a CSV file with a header line.");
  const header = head.record.map((field) => field.trim());
  const find = (key: keyof PointColumns): { name: string; at: number } | null => {
    const told = columns[key];
    const at = told ? header.indexOf(told) : header.findIndex((field) => USUAL[key].includes(field.toLowerCase()));
    if (at < 0 && told)
      throw new LabError(
        "bad-input",
        `${name}: there is no column "${told}" for ${key}. Its columns are ${header.map((field) => `"${field}"`).join(", ")}.`,
        "Name the columns as the header has them.",
      );
    return at < 0 ? null : { name: header[at]!, at };
  };
  const must = (key: keyof PointColumns, instead = "") => find(key) ?? missing(name, key, instead, header);
  const number = ({ record, line }: Row, { name: field, at }: { name: string; at: number }): number => {
    const value = Number(record[at]);
    if (record[at]?.trim() && Number.isFinite(value) && value > 0) return value;
    throw new LabError(
      "bad-input",
      `${name}, line ${line}, column "${field}": "${(record[at] ?? "").slice(0, 60)}" is not a number above 0.`,
      "A scaling law lives on logarithms. Mend the value or leave the line out.",
    );
  };
  const loss = must("L");
  const d = law.uses.includes("d") ? find("D") : null;
  const c = law.uses.includes("d") && !d ? must("C", "or D") : null;
  const n = law.uses.includes("n") || c ? must("N") : null;
  return body.map((row) => {
    const point: ScalingPoint = { loss: number(row, loss) };
    if (n) point.n = number(row, n);
    if (d) point.d = number(row, d);
    if (c) point.d = number(row, c) / (FLOPS * point.n!);
    return point;
  });
}

interface Row {
  record: string[];
  line: number;
}

/** The separator that the header line has most of, quoted names apart; a comma where it has none. */
function separatorOf(text: string): string {
  const header = (text.trimStart().split(/[\r\n]/, 1)[0] ?? "").replace(/"[^"]*"/g, "");
  const count = (separator: string) => header.split(separator).length;
  return [",", ";", "\t"].reduce((best, one) => (count(one) > count(best) ? one : best));
}

function rowsOf(text: string, name: string): Row[] {
  try {
    const parsed = parse(text, {
      bom: true,
      delimiter: separatorOf(text),
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
    });
    return (parsed as unknown as { record: string[]; info: { lines: number } }[]).map(({ record, info }) => ({
      record,
      line: info.lines,
    }));
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new LabError("bad-input", `${name} is not a CSV file: ${words}.`, "Check the quotes.", { cause });
  }
}

function missing(name: string, key: string, instead: string, header: readonly string[]): never {
  throw new LabError(
    "bad-input",
    `${name}: no column for ${key}${instead ? ` ${instead}` : ""}. Its columns are ${header.map((field) => `"${field}"`).join(", ")}.`,
    "Say which it is, such as --columns N=size,C=flops,L=loss.",
  );
}
