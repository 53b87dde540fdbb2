/**
 * Text files as a user hands them over: loose, gzipped or in a .zip. Bytes are kept and decoded line by line, because a
 * large corpus does not fit in one string.
 */
import { Gunzip, unzipSync } from "fflate";
import { concatBytes } from "../bytes";
import { LabError } from "../errors";

/** A file of text, unpacked. `path` is what messages call it; inside a .zip it begins with the .zip's name. */
export interface TextFile {
  path: string;
  bytes: Uint8Array;
}

/** A file that has not been read yet. */
export interface FileEntry {
  path: string;
  bytes: () => Promise<Uint8Array>;
}

/** Unpacked, files may hold this much together: more than any collection for this program, less than a browser can give. */
const LARGEST = 2 ** 31;
const CHUNK = 64 * 1024;
/** Deflate shrinks at most 1032-fold: a claim above it is a lie. */
const DEFLATE_MOST = 1032;

const TEXT = /\.(jsonl|ndjson|tsv|txt|trec|qrels)(\.gz)?$/i;

/** What a collection can be made of; hidden files and what macOS adds to a .zip are not. */
function wanted(path: string): boolean {
  const parts = path.split("/");
  return TEXT.test(path) && !parts.some((part) => part.startsWith(".") || part === "__MACOSX" || part === "..");
}

const clean = (path: string) => path.replaceAll("\\", "/").replace(/^(\.?\/)+/, "");
const isZip = (b: Uint8Array) => b[0] === 0x50 && b[1] === 0x4b && (b[2] === 3 || b[2] === 5);
const isGzip = (b: Uint8Array) => b[0] === 0x1f && b[1] === 0x8b;

/** What may still be unpacked. */
interface Room {
  left: number;
  limit: number;
}

function tooLarge(path: string, limit: number): LabError {
  const size = limit >= 2 ** 30 ? `${limit / 2 ** 30} GiB` : `${limit.toLocaleString("en-US")} bytes`;
  return new LabError(
    "bad-input",
    `${path} unpacks to more than ${size}, which is as much as this program takes.`,
    "Load a part of the collection, or check that the file is what it should be.",
  );
}

function damaged(path: string, kind: string, cause?: unknown): LabError {
  return new LabError("bad-input", `${path} is not a whole ${kind} file.`, "Download or pack it again.", { cause });
}

function gunzip(bytes: Uint8Array, path: string, room: Room): Uint8Array {
  const parts: Uint8Array[] = [];
  let size = 0;
  const stream = new Gunzip((part) => {
    size += part.length;
    if (size > room.left) throw tooLarge(path, room.limit);
    if (part.length > 0) parts.push(part);
  });
  let members = 1;
  stream.onmember = () => {
    members++;
  };
  try {
    for (let at = 0; at < bytes.length; at += CHUNK)
      stream.push(bytes.subarray(at, at + CHUNK), at + CHUNK >= bytes.length);
  } catch (cause) {
    if (cause instanceof LabError) throw cause;
    throw damaged(path, ".gz", cause);
  }
  // The last four bytes hold the length of the last member, modulo 2^32.
  const claim = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(bytes.length - 4, true);
  if (members === 1 && claim !== size % 2 ** 32) throw damaged(path, ".gz");
  room.left -= size;
  return concatBytes(parts);
}

function unzip(bytes: Uint8Array, path: string, room: Room): TextFile[] {
  const claims = new Map<string, number>();
  let files: Record<string, Uint8Array>;
  try {
    // Not the asynchronous one: it starts workers from blobs, which a page's security policy may forbid.
    files = unzipSync(bytes, {
      filter: ({ name, size, originalSize }) => {
        if (!wanted(clean(name))) return false;
        if (originalSize > room.left) throw tooLarge(path, room.limit);
        if (originalSize > size * DEFLATE_MOST + CHUNK) throw damaged(path, ".zip");
        room.left -= originalSize;
        claims.set(name, originalSize);
        return true;
      },
    });
  } catch (cause) {
    if (cause instanceof LabError) throw cause;
    throw damaged(path, ".zip", cause);
  }
  return Object.entries(files).map(([name, content]) => {
    if (content.length !== claims.get(name)) throw damaged(`${path}/${clean(name)}`, ".zip");
    return { path: `${path}/${clean(name)}`, bytes: content };
  });
}

async function read(entry: FileEntry): Promise<Uint8Array> {
  try {
    return await entry.bytes();
  } catch (cause) {
    if (cause instanceof LabError) throw cause;
    throw new LabError(
      "bad-input",
      `${entry.path} could not be read: ${cause instanceof Error ? cause.message : "unknown reason"}.`,
      "Check that the file is still there and may be read.",
      { cause },
    );
  }
}

/**
 * Opens what could be part of a collection (.jsonl, .ndjson, .tsv, .txt, .trec, .qrels, each also with .gz, and all of these
 * in a .zip), in the order given; anything else is passed over unread. A file handed over alone is looked into whatever its
 * name is. Packed files are known by their first bytes.
 *
 * @param limit bytes that all packed files together may unpack to
 * @throws LabError bad-input: a file that cannot be read, is packed badly or unpacks to more than `limit`
 */
export async function openFiles(entries: readonly FileEntry[], limit = LARGEST): Promise<TextFile[]> {
  const room: Room = { left: limit, limit };
  const files: TextFile[] = [];
  for (const entry of entries) {
    const path = clean(entry.path);
    if (!wanted(path) && !/\.zip$/i.test(path) && entries.length > 1) continue;
    const bytes = await read({ ...entry, path });
    if (isZip(bytes)) files.push(...unzip(bytes, path, room));
    else if (/\.zip$/i.test(path)) throw damaged(path, ".zip");
    else files.push({ path, bytes });
  }
  return files.map(({ path, bytes }) => {
    if (isGzip(bytes)) return { path, bytes: gunzip(bytes, path, room) };
    if (/\.gz$/i.test(path)) throw damaged(path, ".gz");
    return { path, bytes };
  });
}

/** A line of a file, without its end; numbers count from 1. */
export interface Line {
  number: number;
  text: string;
}

const UTF8 = "Save the file as UTF-8 text and load it again.";

/**
 * The lines of a file that are not blank. A byte order mark at the start is passed over; lines end with LF or CR LF.
 *
 * @throws LabError bad-input with file and line where the bytes are not UTF-8
 */
export function* textLines({ path, bytes }: TextFile): Generator<Line> {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
    throw new LabError("bad-input", `${path} is UTF-16 text, not UTF-8.`, UTF8);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  for (let number = 1; at < bytes.length; number++) {
    const end = bytes.indexOf(10, at);
    const next = end < 0 ? bytes.length : end;
    const stop = next > at && bytes[next - 1] === 13 ? next - 1 : next;
    let text: string;
    try {
      text = decoder.decode(bytes.subarray(at, stop));
    } catch (cause) {
      throw new LabError("bad-input", `${path}, line ${number}: these bytes are not UTF-8 text.`, UTF8, { cause });
    }
    at = next + 1;
    if (/\S/.test(text)) yield { number, text };
  }
}
