/** A server that answers as the hub does where this program asks: a model's commit, its files, and their bytes by ranges. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Model = Record<string, Uint8Array>;
const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

export async function modelServer(models: Record<string, Model>) {
  const breaks = new Map<string, number[]>();
  const asked = new Map<string, (string | null)[]>();
  let sent = 0;
  /** The answer that is to break, and the bytes of it that nobody has read yet. */
  let breaking: { answer: ServerResponse; left: number } | null = null;
  /** Whether the reader tells what it has read: `fetcher`. */
  let told = false;
  const received = (bytes: number) => {
    if (!breaking) return;
    breaking.left -= bytes;
    if (breaking.left > 0) return;
    breaking.answer.destroy();
    breaking = null;
  };
  const json = (answer: ServerResponse, value: unknown, status = 200) =>
    answer.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
  const respond = (request: IncomingMessage, answer: ServerResponse): unknown => {
    const path = decodeURIComponent(new URL(request.url!, "http://localhost").pathname).slice(1);
    answer.setHeader("Access-Control-Allow-Origin", "*");
    answer.setHeader("Access-Control-Allow-Headers", "*");
    answer.setHeader("Access-Control-Expose-Headers", "ETag, Content-Length, Content-Range");
    if (request.method === "OPTIONS")
      return answer.writeHead(204, { "Access-Control-Allow-Methods": "GET, HEAD" }).end();
    const info = /^api\/models\/([^/]+\/[^/]+)(\/tree\/[^/]+)?/.exec(path);
    const file = /^([^/]+\/[^/]+)\/resolve\/[^/]+\/(.+)$/.exec(path);
    const model = models[(info ?? file)?.[1] ?? ""];
    if (!model) return json(answer, { error: "not found" }, 404);
    if (info?.[2])
      return json(
        answer,
        Object.entries(model).map(([name, bytes]) => ({
          type: "file",
          path: name,
          size: bytes.length,
          oid: "0".repeat(40),
          ...(name.endsWith(".safetensors")
            ? { lfs: { oid: digest(bytes), size: bytes.length, pointerSize: 130 } }
            : {}),
        })),
      );
    if (info) return json(answer, { id: info[1], modelId: info[1], sha: COMMIT, private: false, gated: false });
    const name = file![2]!;
    const bytes = model[name];
    if (!bytes) return json(answer, { error: "not found" }, 404);
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
    const from = Number(range?.[1] ?? 0);
    const to = range?.[2] ? Number(range[2]) + 1 : bytes.length;
    const headers = {
      "Content-Length": to - from,
      ETag: `"${digest(bytes).slice(0, 16)}"`,
      "Accept-Ranges": "bytes",
      ...(range ? { "Content-Range": `bytes ${from}-${to - 1}/${bytes.length}` } : {}),
    };
    if (request.method === "HEAD") return answer.writeHead(200, headers).end();
    asked.set(name, [...(asked.get(name) ?? []), request.headers.range ?? null]);
    answer.writeHead(range ? 206 : 200, headers);
    const cut = breaks.get(name)?.shift();
    const part = bytes.subarray(from, cut === undefined ? to : Math.min(to, from + cut));
    sent += part.length;
    if (cut === undefined) return answer.end(part);
    // The headers alone first: a connection that ends before them looks like none at all.
    answer.flushHeaders();
    if (!told) return answer.write(part, () => setTimeout(() => answer.destroy(), 300));
    breaking = { answer, left: part.length };
    return answer.write(part);
  };
  const server = createServer((request, answer) => void respond(request, answer));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /**
     * Reads as `fetch` does. A connection that is to break does so once what came before was read: Node throws away what
     * waits to be read from a broken one. (A browser does not; it has a moment instead.)
     */
    fetcher: (async (input, init) => {
      told = true;
      const got = await fetch(input, init);
      received(0);
      const reader = got.body?.getReader();
      if (!reader) return got;
      let taken = 0;
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>(
        {
          // Asked for more, the reader has what it was given.
          async pull(controller) {
            received(taken);
            const { done, value } = await reader.read();
            taken = value?.length ?? 0;
            if (done) controller.close();
            else controller.enqueue(value);
          },
          cancel: (why) => reader.cancel(why),
        },
        { highWaterMark: 0 },
      );
      return new Response(body, { status: got.status, headers: got.headers });
    }) as typeof fetch,
    /** Bytes of files sent since the start. */
    bytesSent: () => sent,
    /** Range headers that a file was asked for with; null: without. */
    ranges: (name: string) => asked.get(name) ?? [],
    /** The next answers of a file end after so many bytes each. */
    breakAfter: (name: string, bytes: number[]) => void breaks.set(name, bytes),
    replace: (model: string, name: string, bytes: Uint8Array) => {
      models[model]![name] = bytes;
    },
    close: () =>
      new Promise<void>((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
