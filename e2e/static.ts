/** A plain static server, as any host has it: no fallback to a start page, and no COOP or COEP headers. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize, sep } from "node:path";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".zip": "application/zip",
  ".wasm": "application/wasm",
};

export interface StaticServer {
  url: string;
  /** Requests that were answered with 404. */
  missing: string[];
  close(): Promise<void>;
}

/** The folder of the built page. */
export const builtPage = (): string => process.env.E2E_DIST ?? join(import.meta.dirname, "../dist");

/** Serves a folder under a path such as "/a/b/"; everything outside it is 404. */
export async function serveUnder(folder: string, path: string): Promise<StaticServer> {
  const missing: string[] = [];
  const server = createServer(async (request, response) => {
    const asked = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    try {
      if (!asked.startsWith(path)) throw new Error("outside");
      const file = normalize(join(folder, asked.slice(path.length) || "index.html"));
      if (!file.startsWith(normalize(folder) + sep)) throw new Error("outside");
      const bytes = await readFile(file);
      response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" });
      response.end(bytes);
    } catch {
      missing.push(asked);
      response.writeHead(404, { "Content-Type": "text/plain" });
      response.end("Not found");
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}${path}`,
    missing,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
