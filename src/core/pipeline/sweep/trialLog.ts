/** Where finished trials are written down. A sweep begins by reading it, and skips what stands there. */
import type { Store } from "../../artifacts/store";
import { decodeJson } from "../checkpoints";
import { type TrialRecord, trialRecordSchema } from "./record";

export interface TrialLog {
  read(): Promise<TrialRecord[]>;
  /** Settles when the record is safe. A later record of the same key takes the earlier one's place. */
  append(record: TrialRecord): Promise<void>;
}

/** A trial's record from JSON; null where it is none that this version reads: it is run again. */
export function readTrial(json: unknown): TrialRecord | null {
  const parsed = trialRecordSchema.safeParse(json);
  return parsed.success ? parsed.data : null;
}

/** A log in a store: one file a trial. */
export function storeTrialLog(store: Store, folder = "trials"): TrialLog {
  return {
    async read() {
      const records: TrialRecord[] = [];
      for (const path of await store.list(`${folder}/`)) {
        const bytes = await store.read(path);
        const record = bytes && readTrial(decodeJson(bytes));
        if (record) records.push(record);
      }
      return records;
    },
    append: (record) => store.write(`${folder}/${record.key}.json`, new TextEncoder().encode(JSON.stringify(record))),
  };
}
