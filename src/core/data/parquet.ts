/** Rows of parquet files, by hyparquet: a group of rows at a time, and only when a file of this kind is read. */
import { LabError } from "../errors";
import { type DataFile, LARGEST } from "./files";
import type { JsonObject, RawRecord } from "./records";
import type { Reading } from "./watch";

/** Whether a file's name says that it is parquet. */
export const isParquet = (path: string) => /\.parquet$/i.test(path);

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

/**
 * The rows of a parquet file, one group at a time.
 *
 * @param most rows to read at most
 * @throws LabError bad-input where it is damaged or unpacks to more than 2 GiB
 */
export async function* parquetBatches(
  file: DataFile,
  reading: Reading,
  most = Number.POSITIVE_INFINITY,
): AsyncGenerator<RawRecord[]> {
  const onRead = reading.begin(file);
  const [{ parquetMetadataAsync, parquetReadObjects }, { compressors }] = await Promise.all([
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
  const metadata = await guarded(() => parquetMetadataAsync(source));
  const size = metadata.row_groups.reduce((sum, group) => sum + Number(group.total_byte_size), 0);
  if (!(size <= LARGEST))
    throw new LabError(
      "bad-input",
      `${file.path} unpacks to more than ${LARGEST / 2 ** 30} GiB, which is as much as this program takes.`,
      "Load a part of the collection.",
    );
  let row = 0;
  for (const [g, group] of metadata.row_groups.entries()) {
    const rows = Math.min(Number(group.num_rows), most - row);
    if (!(rows > 0)) continue;
    const from = row;
    const values = await guarded(() =>
      parquetReadObjects({ file: source, metadata, rowStart: from, rowEnd: from + rows, compressors }),
    );
    row += rows;
    onRead(Math.round((file.size * (g + 1)) / metadata.row_groups.length));
    yield values.map((value, i) => ({
      at: `row ${from + i + 1}`,
      value: Object.fromEntries(Object.entries(value as JsonObject).map(([key, v]) => [key, plain(v)])),
      escaped: false,
    }));
    await reading.breathe();
  }
}
