import { type ComponentType, lazy, Suspense, useEffect, useState } from "react";
import { useLab, useLabStore } from "../state/context";
import { underWay } from "../state/run";
import { Window } from "../views/parts/Ask";
import { Button } from "../views/parts/Button";
import { Announcer } from "./Announcer";
import { Header } from "./Header";
import { KEYS, keyAction } from "./keys";
import { importAddress, type ViewName } from "./route";
import { StatusLine } from "./StatusLine";
import { useRoute } from "./useRoute";

const SHOWN: Record<ViewName, ComponentType> = {
  lab: lazy(() => import("../views/lab/LabView")),
  scaling: lazy(() => import("../views/scaling/ScalingView")),
  ablation: lazy(() => import("../views/ablation/AblationView")),
  search: lazy(() => import("../views/search/SearchView")),
  runs: lazy(() => import("../views/runs/RunsView")),
};

const FOLLOW_MS = 4000;

/** The frame that all views share. */
export function App() {
  const app = useLab();
  const { view, query } = useRoute();
  const View = SHOWN[view];
  const [help, setHelp] = useState(false);

  useEffect(() => {
    const address = importAddress(query);
    if (address) {
      // Taken out of the address, so that a reload does not import once more.
      history.replaceState(null, "", `#/${view}`);
      void app.runs
        .getState()
        .importUrl(address)
        .then((run) => run && app.open(run));
    } else if (view === "lab" && query) app.lab.getState().readLink(location.hash);
  }, [app, view, query]);

  // A file dropped beside its box would be opened by the browser in place of the page, and end a training.
  useEffect(() => {
    const keep = (event: DragEvent) => {
      if (!event.dataTransfer || event.defaultPrevented) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "none";
    };
    window.addEventListener("dragover", keep);
    window.addEventListener("drop", keep);
    return () => {
      window.removeEventListener("dragover", keep);
      window.removeEventListener("drop", keep);
    };
  }, []);

  // What another tab trains is followed from what it stores, about as often as it stores it.
  const elsewhere = useLabStore("lock", (s) => s.owner === "elsewhere");
  useEffect(() => {
    if (!elsewhere) return;
    const timer = setInterval(() => {
      if (!document.hidden) void app.follow();
    }, FOLLOW_MS);
    return () => clearInterval(timer);
  }, [app, elsewhere]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const action = keyAction(event);
      if (!action) return;
      const run = app.run.getState();
      if (action.do === "pause") {
        if (!underWay(run) || app.lock.getState().owner !== "here") return;
        event.preventDefault();
        void (run.status === "paused" ? run.resume() : run.pause());
      } else if (action.do === "step") {
        if (underWay(run) && run.status === "paused" && app.lock.getState().owner === "here") void run.step();
      } else if (action.do === "view") location.hash = `#/${action.view}`;
      else if (action.do === "help") setHelp(true);
      else {
        event.preventDefault();
        location.hash = "#/search";
        focusSoon("query");
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [app]);

  return (
    <div className="app">
      <button type="button" className="skip" onClick={skip}>
        Skip to results
      </button>
      <Header view={view} onHelp={() => setHelp(true)} />
      <Suspense fallback={<main className="page" id="main" tabIndex={-1} aria-busy="true" />}>
        <View />
      </Suspense>
      <StatusLine />
      <Announcer />
      <Window title="Keys" open={help} onClose={() => setHelp(false)}>
        <dl className="keys">
          {KEYS.map(({ key, does }) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
        <div className="acts">
          <Button autoFocus onPress={() => setHelp(false)}>
            Close
          </Button>
        </div>
      </Window>
    </div>
  );
}

/** Not a link: the address after # belongs to the views. */
function skip() {
  document.getElementById("main")?.focus();
}

/** Focuses an element that a lazy view is about to show. */
function focusSoon(id: string, tries = 20) {
  const element = document.getElementById(id);
  if (element) element.focus();
  else if (tries > 0) setTimeout(() => focusSoon(id, tries - 1), 50);
}
