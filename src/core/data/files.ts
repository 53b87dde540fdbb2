/**
 * Files as a user hands them over: loose, gzipped or in a .zip. They are read and unpacked piece by piece, because a large
 * corpus fits neither in one string nor twice in memory; only a .zip is held whole, and what is read from its end, gzipped.
 */
import { Gunzip, unzipSync } from "fflate";
import { concatBytes } from "../bytes";
import { LabError } from "../errors";
import type { Problems } from "./problems";

/** A file that has not been read yet: a part of it can be asked for. */
export interface FileEntry {
  path: string;
  /** Bytes as they lie, packed or not. */
  size: number;
  /** Bytes from (inclusive) to (exclusive), or as many of them as there are. */
  slice(from: number, to: number): Promise<Uint8Array>;
}

/** A file of a collection. `path` is what messages call it; inside a .zip it begins with the .zip's name. */
export interface DataFile extends FileEntry {
  /**
   * Its bytes, unpacked, piece by piece; each call reads it anew.
   *
   * @param onRead called with the number of bytes of `size` read so far
   * @throws LabError bad-input where it is packed badly or unpacks to too much
   */
  chunks(onRead?: (done: number) => void): AsyncGenerator<Uint8Array>;
}

/** Unpacked, files may hold this much together: more than any collection for this program, less than a browser can give. */
export const LARGEST = 2 ** 31;
const CHUNK = 64 * 1024;
const PIECE = 2 ** 20;
/** Deflate shrinks at most 1032-fold: a claim above it is a lie. */
const DEFLATE_MOST = 1032;

const DATA = /\.(jsonl|ndjson|tsv|csv|txt|md|markdown|trec|qrels|parquet)(\.gz)?$/i;

/** What a collection can be made of; hidden files and what macOS adds to a .zip are not. */
export function isDataFile(path: string): boolean {
  const parts = path.split("/");
  return DATA.test(path) && !parts.some((part) => part.startsWith(".") || part === "__MACOSX" || part === "..");
}

const ZIP = /\.zip(\.gz)?$/i;

const clean = (path: string) => path.replaceAll("\\", "/").replace(/^(\.?\/)+/, "");
const isZip = (b: Uint8Array) => b[0] === 0x50 && b[1] === 0x4b && (b[2] === 3 || b[2] === 5);
const isGzip = (b: Uint8Array) => b[0] === 0x1f && b[1] === 0x8b;

/** What lies in memory, as a file. */
export function bytesEntry(path: string, bytes: Uint8Array): FileEntry {
  return { path, size: bytes.length, slice: async (from, to) => bytes.subarray(from, to) };
}

/** A browser's file, or a part of memory that it keeps for the page. */
export function blobEntry(path: string, blob: Blob): FileEntry {
  const slice = async (from: number, to: number) => new Uint8Array(await blob.slice(from, to).arrayBuffer());
  return { path, size: blob.size, slice };
}

/** What may still be unpacked, of all files together. A file that is read twice counts once. */
class Room {
  private readonly taken = new Map<string, number>();
  private sum = 0;

  constructor(readonly limit: number) {}

  /** Bytes that this file may unpack to. */
  left(path: string): number {
    return this.limit - this.sum + (this.taken.get(path) ?? 0);
  }

  take(path: string, size: number): void {
    if (size > this.left(path)) throw tooLarge(path, this.limit);
    this.sum += size - (this.taken.get(path) ?? 0);
    this.taken.set(path, size);
  }
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

/** Reads a part, and says which file it was where that fails. */
async function part(entry: FileEntry, from: number, to: number): Promise<Uint8Array> {
  try {
    return await entry.slice(from, to);
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

async function* pieces(entry: FileEntry, onRead?: (done: number) => void): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < entry.size; at += PIECE) {
    const bytes = await part(entry, at, at + PIECE);
    onRead?.(Math.min(entry.size, at + PIECE));
    yield bytes;
  }
}

async function* gunzip(entry: FileEntry, room: Room, onRead?: (done: number) => void): AsyncGenerator<Uint8Array> {
  const { path, size: packed } = entry;
  let out: Uint8Array[] = [];
  let size = 0;
  const left = room.left(path);
  const stream = new Gunzip((bytes) => {
    size += bytes.length;
    if (size > left) throw tooLarge(path, room.limit);
    if (bytes.length > 0) out.push(bytes);
  });
  let members = 1;
  stream.onmember = () => {
    members++;
  };
  let tail = new Uint8Array();
  let pushed = 0;
  for await (const piece of pieces(entry, onRead)) {
    for (let at = 0; at < piece.length; at += CHUNK) {
      const chunk = piece.subarray(at, at + CHUNK);
      pushed += chunk.length;
      try {
        stream.push(chunk, pushed >= packed);
      } catch (cause) {
        if (cause instanceof LabError) throw cause;
        throw damaged(path, ".gz", cause);
      }
      // A chunk of 64 KiB may unpack to 66 MB: handed on before the next one is unpacked.
      if (out.length > 0) yield concatBytes(out);
      out = [];
    }
    tail = concatBytes([tail, piece.subarray(-4)]).slice(-4);
  }
  // The last four bytes hold the length of the last member, modulo 2^32.
  const claim = tail.length < 4 ? -1 : new DataView(tail.buffer).getUint32(0, true);
  if (members === 1 && claim !== size % 2 ** 32) throw damaged(path, ".gz");
  room.take(path, size);
}

function unzip(bytes: Uint8Array, path: string, room: Room): FileEntry[] {
  const claims = new Map<string, number>();
  let files: Record<string, Uint8Array>;
  try {
    // Not the asynchronous one: it starts workers from blobs, which a page's security policy may forbid.
    files = unzipSync(bytes, {
      filter: ({ name, size, originalSize }) => {
        if (!isDataFile(clean(name))) return false;
        if (originalSize > room.left("")) throw tooLarge(path, room.limit);
        if (originalSize > size * DEFLATE_MOST + CHUNK) throw damaged(path, ".zip");
        room.take(`${path}/${name}`, originalSize);
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
    return bytesEntry(`${path}/${clean(name)}`, content);
  });
}

/** A gzipped file that cannot be read from its beginning on, unpacked in memory. */
async function unpacked(entry: FileEntry, room: Room): Promise<FileEntry> {
  const all: Uint8Array[] = [];
  for await (const bytes of gunzip(entry, room)) all.push(bytes);
  return bytesEntry(entry.path, concatBytes(all));
}

/** Whether there is a .zip inside the gzipped file, by the first bytes that come out. */
async function holdsZip(entry: FileEntry, room: Room): Promise<boolean> {
  for await (const bytes of gunzip(entry, room)) return isZip(bytes);
  return false;
}

async function opened(entry: FileEntry, room: Room): Promise<DataFile> {
  const packed = isGzip(await part(entry, 0, 2));
  if (!packed && /\.gz$/i.test(entry.path)) throw damaged(entry.path, ".gz");
  // What is in a parquet file stands at its end.
  if (packed && /\.parquet(\.gz)?$/i.test(entry.path)) {
    const whole = await unpacked(entry, room);
    return { ...whole, chunks: (onRead) => pieces(whole, onRead) };
  }
  return { ...entry, chunks: (onRead) => (packed ? gunzip(entry, room, onRead) : pieces(entry, onRead)) };
}

/**
 * Opens what could be part of a collection (.jsonl, .ndjson, .csv, .tsv, .txt, .md, .trec, .qrels, .parquet, and all
 * of these in a .zip, each also with .gz), in the order given; anything else is passed over unread. A file handed over alone is
 * looked into whatever its name is. Packed files are known by their first bytes.
 *
 * @param limit bytes that all packed files together may unpack to
 * @throws LabError bad-input: a file that cannot be read, a .zip that is packed badly or unpacks to more than `limit`; of
 * gzipped files the same when they are read
 */
export async function openFiles(entries: readonly FileEntry[], limit = LARGEST): Promise<DataFile[]> {
  const room = new Room(limit);
  const files: DataFile[] = [];
  for (const given of entries) {
    let entry: FileEntry = { ...given, path: clean(given.path) };
    const named = ZIP.test(entry.path);
    if (!isDataFile(entry.path) && !named && entries.length > 1) continue;
    if (!isDataFile(entry.path) && isGzip(await part(entry, 0, 2)) && (await holdsZip(entry, room)))
      entry = await unpacked(entry, room);
    if (isZip(await part(entry, 0, 4)))
      for (const inner of unzip(await part(entry, 0, entry.size), entry.path, room))
        files.push(await opened(inner, room));
    else if (named) throw damaged(entry.path, ".zip");
    else files.push(await opened(entry, room));
  }
  return files;
}

/** A line of a file, without its end; numbers count from 1. */
export interface Line {
  number: number;
  text: string;
}

/** A line of more bytes than this is no record that anyone wrote. */
const LONGEST_LINE = 2 ** 26;

/**
 * The lines of a file, those of one piece of it at a time. A byte order mark at the start is passed over; lines end with LF
 * or CR LF.
 *
 * @param problems takes every line whose bytes are not UTF-8, and that line is left out
 * @param blank whether blank lines are given too
 * @throws LabError bad-input where the whole file is UTF-16, or a line is longer than 64 MiB
 */
export async function* lineBatches(
  file: DataFile,
  problems: Problems,
  { blank = false, onRead }: { blank?: boolean; onRead?: ((done: number) => void) | undefined } = {},
): AsyncGenerator<Line[]> {
  const { path } = file;
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let rest: Uint8Array[] = [];
  let restSize = 0;
  let number = 0;
  const add = (lines: Line[], bytes: Uint8Array): void => {
    number++;
    if (bytes.length > 0 && bytes[bytes.length - 1] === 13) bytes = bytes.subarray(0, -1);
    let text: string;
    try {
      text = decoder.decode(bytes);
    } catch {
      problems.add(path, number, null, "these bytes are not UTF-8 text.");
      return;
    }
    if (blank || /\S/.test(text)) lines.push({ number, text });
  };
  const keep = (bytes: Uint8Array) => {
    if (bytes.length === 0) return;
    rest.push(bytes);
    restSize += bytes.length;
    if (restSize > LONGEST_LINE)
      throw new LabError(
        "bad-input",
        `${path}, line ${number + 1}: the line is longer than 64 MiB.`,
        "Check that it is the right file: one record stands on one line.",
      );
  };
  let begun = false;
  for await (const piece of file.chunks(onRead)) {
    let bytes = piece;
    if (!begun) {
      // The mark may be cut by the end of a piece: what is shorter waits for the next one.
      bytes = concatBytes([...rest, piece]);
      rest = [];
      restSize = 0;
      if (bytes.length < 3 && [undefined, 0xef, 0xfe, 0xff].includes(bytes[0])) {
        keep(bytes);
        continue;
      }
      begun = true;
      if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
        throw new LabError(
          "bad-input",
          `${path} is UTF-16 text, not UTF-8.`,
          "Save the file as UTF-8 text and load it again.",
        );
      if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) bytes = bytes.subarray(3);
    }
    const lines: Line[] = [];
    let at = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, at)) {
      const own = bytes.subarray(at, end);
      add(lines, rest.length > 0 ? concatBytes([...rest, own]) : own);
      rest = [];
      restSize = 0;
      at = end + 1;
    }
    keep(bytes.subarray(at));
    yield lines;
  }
  if (restSize > 0) {
    const lines: Line[] = [];
    add(lines, concatBytes(rest));
    yield lines;
  }
}
