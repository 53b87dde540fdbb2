/** A server on localhost that speaks as the Hugging Face hub does, as far as its client asks: datasets, with ranges. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type HubFiles = Record<string, Uint8Array | string>;

export interface HubServer {
  url: string;
  close(): Promise<void>;
}

const COMMIT = "89abcdef0123456789abcdef0123456789abcdef";
const OPEN = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Headers": "*",
  "Access-Control-Expose-Headers": "ETag, Content-Range, Content-Length, Link, X-Error-Code",
};

/** @param datasets files by owner/name; they also lie under /plain/owner/name/ for plain downloads */
export async function serveHub(datasets: Record<string, HubFiles>): Promise<HubServer> {
  const server = createServer((request, response) => answer(datasets, request, response));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function answer(datasets: Record<string, HubFiles>, request: IncomingMessage, response: ServerResponse): void {
  const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
  const json = (value: unknown) => {
    response.writeHead(200, { ...OPEN, "Content-Type": "application/json" });
    response.end(JSON.stringify(value));
  };
  const missing = () => {
    response.writeHead(404, { ...OPEN, "X-Error-Code": "EntryNotFound" });
    response.end();
  };
  if (request.method === "OPTIONS") {
    response.writeHead(204, { ...OPEN, "Access-Control-Allow-Methods": "GET, HEAD" });
    response.end();
    return;
  }
  const api = /^\/api\/datasets\/([^/]+\/[^/]+)\/(revision|tree)\/[^/]+$/.exec(path);
  const file = /^\/(?:datasets|plain)\/([^/]+\/[^/]+)\/(?:resolve\/[^/]+\/)?(.+)$/.exec(path);
  const files = datasets[api?.[1] ?? file?.[1] ?? ""];
  if (!files) missing();
  else if (api?.[2] === "revision") json({ _id: "1", id: api[1], sha: COMMIT, lastModified: "2026-01-01T00:00:00Z" });
  else if (api)
    json(
      Object.entries(files).map(([path, content]) => ({
        type: "file",
        path,
        size: Buffer.from(content).length,
        oid: "1",
      })),
    );
  else if (files[file![2]!] === undefined) missing();
  else sendFile(Buffer.from(files[file![2]!]!), request, response);
}

function sendFile(content: Buffer, request: IncomingMessage, response: ServerResponse): void {
  const headers = { ...OPEN, ETag: '"1"', "Accept-Ranges": "bytes", "Content-Type": "application/octet-stream" };
  const range = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "");
  if (!range) {
    response.writeHead(200, { ...headers, "Content-Length": content.length });
    response.end(content);
    return;
  }
  const part = content.subarray(Number(range[1]), Number(range[2]) + 1);
  const at = `bytes ${range[1]}-${Number(range[1]) + part.length - 1}/${content.length}`;
  response.writeHead(206, { ...headers, "Content-Length": part.length, "Content-Range": at });
  response.end(part);
}
