/** The trials of a sweep that the Scaling and Ablation views show, and the questions they put to the worker about them. */
import { createStore } from "zustand/vanilla";
import type { AblationReport } from "../core/analysis/ablation";
import type { ScalingQuestion, ScalingReport } from "../core/analysis/scaling";
import type { Trial } from "../core/analysis/trial";
import type { SystemName } from "../core/formats/result";
import type { Commands, ErrorReport } from "../worker/protocol";
import { type LabClient, toReport } from "./client";
import type { PickedFile } from "./runs";

export interface TrialsState {
  trials: readonly Trial[];
  /** Trials of the files that failed. */
  failed: number;
  /** Where they come from; null: there are none. */
  name: string | null;
  error: ErrorReport | null;
  busy: boolean;
  /** Reads files of trials; on an error those shown before stay. */
  open(files: PickedFile[]): Promise<void>;
  /** Shows trials that are known already, such as those of a sweep under way. */
  show(trials: readonly Trial[], name: string): void;
  clear(): void;
  dismiss(): void;
}

/** What the views ask of the worker. */
export interface Analyst {
  ablation(trials: readonly Trial[], question: AblationQuestion): Promise<AblationReport>;
  scaling(trials: readonly Trial[], question: ScalingQuestion): Promise<ScalingReport>;
  /** Documents of a trial's collection, by id. */
  documents(of: Commands["documents"][0]): Promise<Commands["documents"][1]>;
}

export interface AblationQuestion {
  system: SystemName;
  metric: string;
  samples: number;
  seed: number;
}

export function createTrialsStore(client: LabClient) {
  return createStore<TrialsState>((set) => ({
    trials: [],
    failed: 0,
    name: null,
    error: null,
    busy: false,
    async open(files) {
      set({ busy: true, error: null });
      try {
        const { trials, failed } = await client.send("readTrials", { files });
        set({ trials, failed, name: files.map(({ path }) => path).join(", ") });
      } catch (cause) {
        set({ error: toReport(cause) });
      } finally {
        set({ busy: false });
      }
    },
    show: (trials, name) => set({ trials, failed: 0, name, error: null }),
    clear: () => set({ trials: [], failed: 0, name: null, error: null }),
    dismiss: () => set({ error: null }),
  }));
}

/** Sends trials to the worker once and then asks about them by key; a worker that was made anew gets them again. */
export function createAnalyst(client: LabClient): Analyst {
  const keys = new WeakMap<readonly Trial[], string>();
  let made = 0;
  let sent: string | null = null;
  // One after the other: between the sending of trials and a question about them no others may be sent.
  let turn: Promise<unknown> = Promise.resolve();
  const about = <T>(trials: readonly Trial[], put: (key: string) => Promise<T>): Promise<T> => {
    const key = keys.get(trials) ?? `trials ${++made}`;
    keys.set(trials, key);
    const hold = async () => {
      await client.send("holdTrials", { key, trials });
      sent = key;
    };
    const answer = turn.then(async () => {
      if (sent !== key) await hold();
      try {
        return await put(key);
      } catch (cause) {
        if (toReport(cause).kind !== "not-held") throw cause;
        await hold();
        return put(key);
      }
    });
    turn = answer.catch(() => undefined);
    return answer;
  };
  return {
    ablation: (trials, question) => about(trials, (key) => client.send("ablation", { key, ...question })),
    documents: (of) => client.send("documents", of),
    scaling: (trials, question) => about(trials, (key) => client.send("scaling", { key, question })),
  };
}
