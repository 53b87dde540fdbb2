/**
 * CPU time of the tasks on a page's main thread, from the browser's own trace: the thread's clock (`tdur`), not the wall
 * clock, so that a busy machine does not count.
 */
import { type CDPSession, expect, type Page } from "@playwright/test";

export interface MainThread {
  /** Milliseconds of CPU of every task, longest first. */
  tasks: number[];
  /** What stood in the longest tasks, to read when a test fails. */
  longest: string[];
}

interface TraceEvent {
  name: string;
  cat: string;
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur?: number;
  tdur?: number;
  args?: { data?: { functionName?: string; url?: string; type?: string } };
}

const CATEGORIES = ["toplevel", "devtools.timeline", "blink.user_timing"];
const TASK = "ThreadControllerImpl::RunTask";
const MARK = "e2e-main-thread";

/** Traces from now on; `stop` gives the tasks between then and now. */
export async function watchMainThread(page: Page): Promise<{ stop(): Promise<MainThread> }> {
  const browser = page.context().browser();
  if (!browser) throw new Error("The page has no browser of its own.");
  const cdp = await browser.newBrowserCDPSession();
  const events: TraceEvent[] = [];
  cdp.on("Tracing.dataCollected", ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  await cdp.send("Tracing.start", {
    transferMode: "ReportEvents",
    traceConfig: { recordMode: "recordContinuously", includedCategories: CATEGORIES },
  });
  // Tells which of the browser's threads is this page's main one.
  await page.evaluate((mark) => performance.mark(mark), MARK);
  return {
    async stop() {
      await end(cdp);
      const mark = events.find((e) => e.name === MARK);
      expect(mark, "the page's mark in the trace").toBeDefined();
      const own = events.filter((e) => e.pid === mark?.pid && e.tid === mark.tid && e.ph === "X");
      const tasks = own
        .filter((e) => e.name === TASK && e.ts > (mark?.ts ?? 0))
        .sort((a, b) => (b.tdur ?? 0) - (a.tdur ?? 0));
      return {
        tasks: tasks.map((e) => (e.tdur ?? 0) / 1000),
        longest: tasks
          .slice(0, 5)
          .map((task) => `${ms(task.tdur)} at ${ms(task.ts - (mark?.ts ?? 0))}: ${inside(task, own)}`),
      };
    },
  };
}

async function end(cdp: CDPSession): Promise<void> {
  const complete = new Promise<void>((done) => cdp.once("Tracing.tracingComplete", () => done()));
  await cdp.send("Tracing.end");
  await complete;
  await cdp.detach();
}

const ms = (microseconds = 0) => `${(microseconds / 1000).toFixed(1)} ms`;

/** The costliest events inside a task. */
function inside(task: TraceEvent, own: readonly TraceEvent[]): string {
  const until = task.ts + (task.dur ?? 0);
  return own
    .filter((e) => e !== task && e.ts >= task.ts && e.ts <= until)
    .sort((a, b) => (b.tdur ?? 0) - (a.tdur ?? 0))
    .slice(0, 6)
    .map((e) => [e.name, e.args?.data?.type, e.args?.data?.functionName, ms(e.tdur)].filter(Boolean).join(" "))
    .join("; ");
}
