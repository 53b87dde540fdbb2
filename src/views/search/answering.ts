import type { RunSummary } from "../../worker/protocol";

export interface Answering {
  /** The run that answers; undefined where none can. */
  run: RunSummary | undefined;
  /** The selected run, where it is another one that has no results to search with. */
  without: RunSummary | undefined;
}

/** A run without results cannot answer: the newest one that can takes its place. The list is newest first. */
export function answeringRun(list: readonly RunSummary[], selectedId: string | null): Answering {
  const selected = list.find((r) => r.id === selectedId);
  if (selected?.result) return { run: selected, without: undefined };
  return { run: list.find((r) => r.result), without: selected };
}
