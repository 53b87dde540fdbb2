/** The page's entry: makes the worker, the stores and the app. Nothing else makes a worker. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { createLab } from "./state/app";
import { LabContext } from "./state/context";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/settings.css";
import "./styles/lab.css";
import "./styles/pipeline.css";
import "./styles/charts.css";
import "./styles/tables.css";
import "./styles/replay.css";
import "./styles/views.css";
import "./styles/models.css";
import "./styles/small.css";
import { createClient } from "./worker/client";

const storage = () => {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
};

const client = createClient(
  () => new Worker(new URL("./worker/worker.ts", import.meta.url), { type: "module", name: "lab" }),
);
const lab = createLab(client, {
  storage: storage(),
  root: document.documentElement,
  locks: navigator.locks ?? null,
  webGpu: Boolean(navigator.gpu),
});
void lab.begin();

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <LabContext value={lab}>
      <App />
    </LabContext>
  </StrictMode>,
);
