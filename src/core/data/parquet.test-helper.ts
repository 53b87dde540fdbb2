/**
 * A small writer of parquet (parquet.thrift of parquet-format 2.10) for tests: columns of text or of whole numbers, none
 * null, one page of plain values a column, packed by gzip or not.
 */
import { gzipSync } from "fflate";
import { concatBytes } from "../bytes";

const encoder = new TextEncoder();

/** Thrift's compact protocol: fields of a struct in ascending order. */
type Field =
  | { i32: number }
  | { i64: number }
  | { text: string }
  | { list: Field[] }
  | { struct: Record<number, Field> };

const varint = (n: number): number[] => (n < 128 ? [n] : [(n % 128) + 128, ...varint(Math.floor(n / 128))]);
const typeOf = (field: Field) =>
  "i32" in field ? 5 : "i64" in field ? 6 : "text" in field ? 8 : "list" in field ? 9 : 12;

function write(field: Field): number[] {
  if ("i32" in field) return varint(field.i32 * 2); // zigzag; nothing here is negative
  if ("i64" in field) return varint(field.i64 * 2);
  if ("text" in field) {
    const bytes = encoder.encode(field.text);
    return [...varint(bytes.length), ...bytes];
  }
  if ("list" in field) {
    const { list } = field;
    const type = list[0] ? typeOf(list[0]) : 5;
    const head = list.length < 15 ? [list.length * 16 + type] : [240 + type, ...varint(list.length)];
    return [...head, ...list.flatMap(write)];
  }
  let before = 0;
  const out: number[] = [];
  for (const [key, value] of Object.entries(field.struct)) {
    out.push((Number(key) - before) * 16 + typeOf(value), ...write(value));
    before = Number(key);
  }
  return [...out, 0];
}

const struct = (fields: Record<number, Field>): Field => ({ struct: fields });
const TEXT = 6;
const INT64 = 2;

function plainValues(values: readonly (string | number)[]): Uint8Array {
  return concatBytes(
    values.map((value) => {
      const bytes = typeof value === "string" ? encoder.encode(value) : new Uint8Array(4);
      const out = new Uint8Array(4 + bytes.length);
      new DataView(out.buffer).setUint32(0, typeof value === "string" ? bytes.length : value, true);
      out.set(bytes, 4);
      return out;
    }),
  );
}

/**
 * Writes a table.
 *
 * @param groups rows of each row group
 */
export function writeParquet(
  groups: readonly (readonly Record<string, string | number>[])[],
  packed = false,
): Uint8Array<ArrayBuffer> {
  const names = Object.keys(groups[0]?.[0] ?? {});
  const type = (name: string) => (typeof groups[0]![0]![name] === "number" ? INT64 : TEXT);
  const parts: Uint8Array[] = [encoder.encode("PAR1")];
  let at = 4;
  const push = (bytes: Uint8Array) => {
    parts.push(bytes);
    at += bytes.length;
  };
  const rowGroups = groups.map((rows) => {
    const from = at;
    const columns = names.map((name) => {
      const offset = at;
      const values = plainValues(rows.map((row) => row[name]!));
      const page = packed ? gzipSync(values) : values;
      const counts = struct({ 1: { i32: rows.length }, 2: { i32: 0 }, 3: { i32: 3 }, 4: { i32: 3 } });
      const header = { 1: { i32: 0 }, 2: { i32: values.length }, 3: { i32: page.length }, 5: counts };
      push(Uint8Array.from(write(struct(header))));
      push(page);
      const meta = struct({
        1: { i32: type(name) },
        2: { list: [{ i32: 0 }] },
        3: { list: [{ text: name }] },
        4: { i32: packed ? 2 : 0 },
        5: { i64: rows.length },
        6: { i64: values.length },
        7: { i64: at - offset },
        9: { i64: offset },
      });
      return struct({ 2: { i64: offset }, 3: meta });
    });
    return struct({ 1: { list: columns }, 2: { i64: at - from }, 3: { i64: rows.length } });
  });
  const root = struct({ 4: { text: "schema" }, 5: { i32: names.length } });
  const schema = names.map((name) =>
    struct({
      1: { i32: type(name) },
      3: { i32: 0 },
      4: { text: name },
      ...(type(name) === TEXT ? { 6: { i32: 0 } } : {}),
    }),
  );
  const rows = groups.reduce((sum, group) => sum + group.length, 0);
  const footer = write(
    struct({ 1: { i32: 1 }, 2: { list: [root, ...schema] }, 3: { i64: rows }, 4: { list: rowGroups } }),
  );
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, footer.length, true);
  return concatBytes([...parts, Uint8Array.from(footer), length, encoder.encode("PAR1")]);
}
