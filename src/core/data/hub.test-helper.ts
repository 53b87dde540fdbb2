/** A server's answers to the hub's client and to plain downloads, as a `fetch`: nothing reaches the network. */

export interface HubDataset {
  /** Path -> content. */
  files: Record<string, string | Uint8Array>;
}

const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** @param datasets by owner/name; @param seen takes every address that is asked for */
export function hubFetch(datasets: Record<string, HubDataset>, seen: string[] = []): typeof fetch {
  const bytes = (content: string | Uint8Array) =>
    typeof content === "string" ? new TextEncoder().encode(content) : content;
  return (async (input: RequestInfo | URL, init?: RequestInit) => {
    const url = new URL(input instanceof Request ? input.url : input);
    seen.push(url.pathname);
    const [, name, what, rest = ""] =
      /^\/(?:api\/)?datasets\/([^/]+\/[^/]+)\/(revision|tree|resolve)\/[^/?]+\/?(.*)$/.exec(url.pathname) ?? [];
    const dataset = name === undefined ? undefined : datasets[name];
    if (!dataset) return Response.json({ error: "Repository not found" }, { status: 404 });
    if (what === "revision") return Response.json({ _id: "1", id: name, sha: COMMIT, lastModified: "2026-01-01" });
    if (what === "tree")
      return Response.json(
        Object.entries(dataset.files)
          .filter(([path]) => rest === "" || path.startsWith(`${decodeURIComponent(rest)}/`))
          .map(([path, content]) => ({ type: "file", path, size: bytes(content).length, oid: "x" })),
      );
    const file = dataset.files[decodeURIComponent(rest)];
    if (file === undefined) return new Response("", { status: 404, headers: { "X-Error-Code": "EntryNotFound" } });
    const content = bytes(file);
    const range = /bytes=(\d+)-(\d+)/.exec(new Headers(init?.headers).get("Range") ?? "");
    const headers = { ETag: '"x"', "Content-Type": "application/octet-stream" };
    if (!range) return new Response(content as BodyInit, { headers });
    const part = content.slice(Number(range[1]), Number(range[2]) + 1);
    const at = `bytes ${range[1]}-${Number(range[1]) + part.length - 1}/${content.length}`;
    return new Response(part as BodyInit, { status: 206, headers: { ...headers, "Content-Range": at } });
  }) as typeof fetch;
}
