/** Rows of parquet files, by hyparquet: a group of rows at a time, and only when a file of this kind is read. */
import { LabError } from "../errors";
import { type DataFile, LARGEST } from "./files";
import type { JsonObject, RawRecord } from "./records";
import type { Reading } from "./watch";

/** Whether a file's name says that it is parquet. */
export const isParquet = (path: string) => /\.parquet(\.gz)?$/i.test(path);

/** Parquet's numbers and lists as JSON would have them. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (Array.isArray(value)) return value.map(plain);
  return value instanceof Date ? value.toISOString() : value;
}

const damaged = (path: string, cause: unknown) =>
  new LabError(
    "bad-input",
    `${path} is not a parquet file that can be read: ${cause instanceof Error ? cause.message : String(cause)}.`,
    "Download it again, or save it as .jsonl.",
    { cause },
  );

/** What of a parquet file is read; the forms that are read line by line have no use for it. */
export interface Part {
  /** Columns that are wanted, of those that are there: others, such as vectors, may be large. All if not given. */
  columns?: readonly string[];
  /** Rows to read at most. */
  most?: number;
}

/**
 * The rows of a parquet file, one group at a time.
 *
 * @throws LabError bad-input where it is damaged or unpacks to more than 2 GiB
 */
export async function* parquetBatches(
  file: DataFile,
  reading: Reading,
  { columns: wanted, most = Number.POSITIVE_INFINITY }: Part = {},
): AsyncGenerator<RawRecord[]> {
  const onRead = reading.begin(file);
  const [{ parquetMetadataAsync, parquetReadObjects, parquetSchema }, { compressors }] = await Promise.all([
    import("hyparquet"),
    import("hyparquet-compressors"),
  ]);
  const source = {
    byteLength: file.size,
    // A copy: what is handed out may be a view into a larger piece of memory.
    slice: async (from: number, to?: number) => (await file.slice(from, to ?? file.size)).slice().buffer as ArrayBuffer,
  };
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      throw cause instanceof LabError ? cause : damaged(file.path, cause);
    }
  };
  // Damage that the reader lets through shows where its answer is used: that is guarded too.
  const { metadata, size, there } = await guarded(async () => {
    const metadata = await parquetMetadataAsync(source);
    return {
      metadata,
      size: metadata.row_groups.reduce((sum, group) => sum + Number(group.total_byte_size), 0),
      there: parquetSchema(metadata).children.map(({ element }) => element.name),
    };
  });
  if (!(size <= LARGEST))
    throw new LabError(
      "bad-input",
      `${file.path} unpacks to more than ${LARGEST / 2 ** 30} GiB, which is as much as this program takes.`,
      "Load a part of the collection.",
    );
  const columns = wanted ? there.filter((name) => wanted.includes(name)) : there;
  let row = 0;
  for (const [g, group] of metadata.row_groups.entries()) {
    const rows = Math.min(Number(group.num_rows), most - row);
    if (!(rows > 0)) continue;
    const from = row;
    const values = await guarded(async () => {
      const read = { file: source, metadata, columns, rowStart: from, rowEnd: from + rows, compressors };
      return (await parquetReadObjects(read)).map((value) =>
        Object.fromEntries(Object.entries(value as JsonObject).map(([key, v]) => [key, plain(v)])),
      );
    });
    row += rows;
    onRead(Math.round((file.size * (g + 1)) / metadata.row_groups.length));
    yield values.map((value, i) => ({ at: `row ${from + i + 1}`, value, escaped: false }));
    await reading.breathe();
  }
}
