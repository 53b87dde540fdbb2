/** Files in memory, as the readers take them. */
import { bytesEntry, type DataFile } from "./files";

/** A file of these bytes or this text, in one piece. */
export function dataFile(path: string, content: string | Uint8Array): DataFile {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return {
    ...bytesEntry(path, bytes),
    async *chunks(onRead) {
      onRead?.(bytes.length);
      yield bytes;
    },
  };
}
