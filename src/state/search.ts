/** One query, asked of all systems of the selected run. Only the newest question's answer is shown. */
import { createStore } from "zustand/vanilla";
import type { ErrorReport, SearchAnswer } from "../worker/protocol";
import { type LabClient, toReport } from "./client";

export const HITS = 10;

export interface SearchState {
  query: string;
  answer: SearchAnswer | null;
  pending: boolean;
  error: ErrorReport | null;
  /** Test queries of the run, to try. */
  examples: { id: string; text: string }[];
  examplesOf: string | null;
  /** Sets the text; asks after a short rest, or at once. Without a run the text is only kept. */
  ask(runId: string | null, query: string, now?: boolean): void;
  loadExamples(runId: string): Promise<void>;
  clear(): void;
}

const REST_MS = 250;

export function createSearchStore(client: LabClient) {
  return createStore<SearchState>((set, get) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let newest = 0;
    const run = async (runId: string, query: string) => {
      const mine = ++newest;
      if (!query.trim()) {
        set({ answer: null, pending: false, error: null });
        return;
      }
      set({ pending: true });
      try {
        const answer = await client.send("search", { runId, query, k: HITS });
        if (mine === newest) set({ answer, pending: false, error: null });
      } catch (cause) {
        if (mine === newest) set({ error: toReport(cause), answer: null, pending: false });
      }
    };
    return {
      query: "",
      answer: null,
      pending: false,
      error: null,
      examples: [],
      examplesOf: null,
      ask(runId, query, now = false) {
        set({ query });
        clearTimeout(timer);
        if (runId === null) return;
        if (now) void run(runId, query);
        else timer = setTimeout(() => void run(runId, query), REST_MS);
      },
      async loadExamples(runId) {
        if (get().examplesOf === runId) return;
        set({ examplesOf: runId, examples: [] });
        try {
          const examples = await client.send("testQueries", { runId, count: 4 });
          if (get().examplesOf === runId) set({ examples });
        } catch {
          // Examples are a convenience: without them one can still type.
          if (get().examplesOf === runId) set({ examples: [], examplesOf: null });
        }
      },
      clear() {
        newest++;
        clearTimeout(timer);
        set({ query: "", answer: null, pending: false, error: null });
      },
    };
  });
}
