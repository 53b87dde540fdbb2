/** Files that a command is given. */
import { readFile } from "node:fs/promises";
import { gunzipSync } from "fflate";
import { LabError } from "../core/errors";

/** A file's bytes, unpacked where it is gzip. @throws LabError bad-input: no file, or a broken one */
export async function bytesOf(path: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const what = code === "ENOENT" ? "does not exist" : code === "EISDIR" ? "is a folder, not a file" : `(${code})`;
    throw new LabError("bad-input", `${path} ${what}: it cannot be read.`, "Check the path.", { cause });
  }
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes);
  } catch (cause) {
    throw new LabError("bad-input", `${path} is not a whole gzip file.`, "Fetch it again.", { cause });
  }
}
