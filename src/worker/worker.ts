/** The worker's door: commands in, replies and events out. The only file that touches `self`. */
import { opfsStore } from "../core/artifacts/opfs";
import { codeVersion } from "../version";
import { errorReport } from "./events";
import { browserLibrary } from "./library";
import type { Command, FromWorker } from "./protocol";
import { openRunStore } from "./runStore";
import { createSession } from "./session";

const scope = self as unknown as {
  postMessage(message: FromWorker): void;
  onmessage: ((event: MessageEvent<Command>) => void) | null;
};

const session = Promise.all([opfsStore("scalingnote-lab"), browserLibrary()]).then(([store, library]) =>
  createSession({
    store,
    library,
    runs: openRunStore(),
    codeVersion,
    host: "browser",
    openCpu: async () => (await import("./cpu")).openCpu(),
    emit: (event) => scope.postMessage({ type: "event", event }),
    // The build puts this file into assets/, beside which the page lies.
    base: import.meta.env.DEV ? `${self.location.origin}/` : new URL("..", self.location.href).href,
    newId: () => crypto.randomUUID(),
    now: () => new Date(),
    locks: navigator.locks,
  }),
);

// Held for as long as this worker lives: the page learns at once if it dies without a word. Neither locks nor randomUUID
// are there on a page that was not opened over https or from localhost.
const lock = `scalingnote-lab-worker-${crypto.getRandomValues(new Uint32Array(4)).join("-")}`;
navigator.locks
  ?.request(lock, () => {
    scope.postMessage({ type: "alive", lock });
    return new Promise<never>(() => {});
  })
  // A browser that refuses locks (a sandboxed frame): the page then knows only of deaths that the browser reports.
  .catch(() => undefined);

scope.onmessage = ({ data }) => {
  const answer = async () => {
    const handlers = await session;
    const handler = handlers[data.name] as (payload: unknown) => Promise<unknown>;
    return handler(data.payload);
  };
  answer().then(
    (value) => scope.postMessage({ type: "reply", id: data.id, ok: true, value }),
    (error: unknown) => scope.postMessage({ type: "reply", id: data.id, ok: false, error: errorReport(error) }),
  );
};
