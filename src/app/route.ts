/** The address after #: #/view?settings. No server is needed, and any static host will do. */
export const VIEWS = ["lab", "scaling", "ablation", "search", "runs"] as const;
export type ViewName = (typeof VIEWS)[number];

export interface Route {
  view: ViewName;
  /** What stands after the question mark: a link of settings, or import=address. */
  query: string;
}

/** Reads an address; an unknown one leads to the Lab. */
export function parseHash(hash: string): Route {
  const [path = "", ...rest] = hash.replace(/^#\/?/, "").split("?");
  const view = VIEWS.find((v) => v === path) ?? "lab";
  return { view, query: rest.join("?") };
}

/** The address of a run archive to import, where the link carries one. */
export function importAddress(query: string): string | null {
  return new URLSearchParams(query).get("import");
}
