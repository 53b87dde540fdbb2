import { startTransition, useEffect, useState } from "react";
import { useLab } from "../../state/context";

/** A chart is redrawn four times a second at most. */
const SHORTEST_MS = 250;

/**
 * The version of the shown run, followed at most four times a second and never while the page is hidden. `delay` spreads
 * the charts over the quarter second, so that no two are drawn in one task.
 */
export function useFrame(delay = 0): number {
  const { run } = useLab();
  const [version, setVersion] = useState(() => run.getState().version);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let last = 0;
    const draw = () => {
      timer = undefined;
      if (document.hidden) return;
      last = performance.now();
      startTransition(() => setVersion(run.getState().version));
    };
    const wake = () => {
      if (timer === undefined) timer = setTimeout(draw, Math.max(delay, last + SHORTEST_MS - performance.now()));
    };
    const stop = run.subscribe((s, before) => {
      if (s.version !== before.version) wake();
    });
    document.addEventListener("visibilitychange", wake);
    wake();
    return () => {
      clearTimeout(timer);
      stop();
      document.removeEventListener("visibilitychange", wake);
    };
  }, [run, delay]);
  return version;
}
