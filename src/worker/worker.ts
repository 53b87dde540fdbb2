/** The worker's door: commands in, replies and events out. The only file that touches `self`. */
import { opfsStore } from "../core/artifacts/opfs";
import { codeVersion } from "../version";
import { errorReport } from "./events";
import type { Command, FromWorker } from "./protocol";
import { openRunStore } from "./runStore";
import { createSession } from "./session";

const scope = self as unknown as {
  postMessage(message: FromWorker): void;
  onmessage: ((event: MessageEvent<Command>) => void) | null;
};

const session = opfsStore("scalingnote-lab").then((store) =>
  createSession({
    store,
    runs: openRunStore(),
    codeVersion,
    host: "browser",
    emit: (event) => scope.postMessage({ type: "event", event }),
    newId: () => crypto.randomUUID(),
    now: () => new Date(),
  }),
);

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
