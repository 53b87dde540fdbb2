import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { createLab } from "./state/app";
import { LabContext } from "./state/context";
import { ADAPTER, createFakeClient, eventsOf, madeUpAnswer, madeUpResult, madeUpRun } from "./state/fakeClient.test-helper";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/lab.css";
import "./styles/views.css";
import "./styles/small.css";

const p = new URLSearchParams(location.search);
const kind = p.get("kind") ?? "live";
const runs = kind === "live" || kind === "empty" || kind === "nogpu" ? [] : [
  madeUpRun("a", { name: "tidy-egret", createdAt: "2026-11-20T12:00:00Z", experiment: { ...madeUpResult().config, seed: 9, embeddingSize: 128 } }),
  madeUpRun("b", { name: "brisk-otter", createdAt: "2026-11-20T11:00:00Z", status: "interrupted", result: null }),
  madeUpRun("c"),
];
const client = createFakeClient({
  open: () => kind === "nogpu" ? { adapter: null, problem: { kind: "no-webgpu", message: "navigator.gpu is missing.", remedy: "" } } : { adapter: kind === "software" ? { ...ADAPTER, software: true, description: "SwiftShader" } : ADAPTER, problem: null },
  listRuns: () => runs,
  describe: () => ({ ...madeUpResult().collection, sampleDocuments: [{ id: "d1", title: "White walls", text: "<b>not bold</b> oak floor" }], sampleQueries: [{ id: "q1", text: "cheap flat" }] }),
  run: () => ({ runId: "live" }), pause: () => { client.emit({ type: "status", runId: "live", status: "paused" }); return null; },
  resume: () => { client.emit({ type: "status", runId: "live", status: "running" }); return null; },
  search: ({ runId, query }) => madeUpAnswer(runId, query),
  testQueries: () => [{ id: "q1", text: "bike that folds" }, { id: "q2", text: "sore throat remedy" }],
  renameRun: () => null, deleteRun: () => null,
});
const result = kind === "software" ? madeUpResult({ ...ADAPTER, software: true, description: "SwiftShader" }) : madeUpResult();
const lab = createLab(client, { storage: null, root: document.documentElement, locks: navigator.locks });
if (p.get("theme")) lab.theme.getState().set(p.get("theme") as "dark");
Object.assign(window, { lab });
const begin = async () => {
  await lab.begin();
  if (kind === "nogpu" || kind === "example") {
    lab.recorded.setState({ result, status: "ready" });
    if (kind === "nogpu") { lab.recorded.getState().seek(110); lab.recorded.getState().play(); }
  }
  if (kind === "live" || kind === "lost" || kind === "software") {
    await lab.run.getState().start({ ...lab.lab.getState().experiment, seed: 11, stage2: { ...lab.lab.getState().experiment.stage2, mseWeight: 2 } }, "calm-heron");
    const stop = Number(p.get("stop") ?? 57);
    let i = 0;
    const slow = p.get("slow");
    for (const e of eventsOf(result, "live")) { if (i++ >= stop) break; client.emit(e); if (slow) await new Promise((r) => setTimeout(r, Number(slow))); }
    if (kind === "lost") { client.emit({ type: "device", report: { adapter: null, problem: { kind: "device-lost", message: "The GPU stopped at step 524; your work up to step 500 is saved", remedy: "It ran out of memory. Open it again and resume." } } }); }
  }
};
createRoot(document.getElementById("root")!).render(<LabContext value={lab}><App /></LabContext>);
void begin();
