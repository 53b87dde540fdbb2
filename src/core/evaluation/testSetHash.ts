/**
 * The name of a test set: SHA-256 over its corpus, queries and judgements. Only results with equal hashes may be paired.
 * Order does not matter: everything is sorted by id. Each string goes in as its UTF-8 bytes after their number, so that
 * no two collections give the same bytes. Web Crypto hashes whole buffers only: the bytes are hashed in blocks of 4 MiB
 * and the result is the SHA-256 of the blocks' SHA-256s, so that a million documents need no second copy in memory.
 */
import { concatBytes } from "../bytes";
import type { Doc, Qrels, Query } from "../data/types";
import { compareIds } from "./order";

const BLOCK = 4 * 1024 * 1024;

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

class BlockHash {
  private readonly encoder = new TextEncoder();
  private readonly digests: Uint8Array[] = [];
  private full: Uint8Array<ArrayBuffer>[] = [];
  private block = new Uint8Array(BLOCK);
  private used = 0;

  private add(data: Uint8Array): void {
    for (let from = 0; from < data.length; ) {
      const n = Math.min(BLOCK - this.used, data.length - from);
      this.block.set(data.subarray(from, from + n), this.used);
      this.used += n;
      from += n;
      if (this.used < BLOCK) continue;
      this.full.push(this.block);
      this.block = new Uint8Array(BLOCK);
      this.used = 0;
    }
  }

  number(value: number): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value, true);
    this.add(bytes);
  }

  text(value: string): void {
    const bytes = this.encoder.encode(value);
    this.number(bytes.length);
    this.add(bytes);
  }

  /** Whether blocks are waiting to be hashed: then `drain` gives their memory back. */
  get waiting(): boolean {
    return this.full.length > 0;
  }

  async drain(): Promise<void> {
    for (const block of this.full) this.digests.push(await sha256(block));
    this.full = [];
  }

  async hex(): Promise<string> {
    await this.drain();
    this.digests.push(await sha256(this.block.slice(0, this.used)));
    return [...(await sha256(concatBytes(this.digests)))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }
}

const byId = (a: { id: string }, b: { id: string }) => compareIds(a.id, b.id);
const byKey = (a: readonly [string, unknown], b: readonly [string, unknown]) => compareIds(a[0], b[0]);

/**
 * 64 hexadecimal digits that name the test set.
 *
 * @param docs the whole corpus
 * @param test the test queries (their text; known negatives do not matter) and judgements
 */
export async function testSetHash(
  docs: readonly Doc[],
  test: { queries: readonly Query[]; qrels: Qrels },
): Promise<string> {
  const hash = new BlockHash();
  hash.number(docs.length);
  for (const doc of docs.toSorted(byId)) {
    for (const part of [doc.id, doc.title, doc.text]) hash.text(part);
    if (hash.waiting) await hash.drain();
  }
  hash.number(test.queries.length);
  for (const query of test.queries.toSorted(byId)) for (const part of [query.id, query.text]) hash.text(part);
  hash.number(test.qrels.size);
  for (const [queryId, grades] of [...test.qrels].sort(byKey)) {
    hash.text(queryId);
    hash.number(grades.size);
    for (const [docId, grade] of [...grades].sort(byKey)) {
      hash.text(docId);
      hash.number(grade);
    }
  }
  return hash.hex();
}
