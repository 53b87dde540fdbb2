import type { Experiment } from "../../config/schema";

/** An experiment that writes down which of its settings are read. */
export function watched(experiment: Experiment, read: Set<string>): Experiment {
  const wrap = (node: object, prefix: string): object =>
    new Proxy(node, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key);
        const path = prefix + String(key);
        if (typeof value === "object" && value !== null) return wrap(value, `${path}.`);
        read.add(path);
        return value;
      },
    });
  return wrap(experiment, "") as Experiment;
}
