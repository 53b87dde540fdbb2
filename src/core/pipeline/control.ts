/** Pause, step, resume, finish, stop: the user's hand on a run. */
import { LabError } from "../errors";
import type { Control } from "../training/trainer";

export interface RunControl extends Control {
  pause(): void;
  /** While paused: lets one step through. */
  step(): void;
  resume(): void;
  /** Ends the training under way; the run goes on. */
  finish(): void;
  /** Ends the run. */
  stop(): void;
  readonly paused: boolean;
}

export function createControl(onChange: (paused: boolean) => void = () => {}): RunControl {
  let paused = false;
  let stopped = false;
  let finishing = false;
  let allowed = 0;
  let wake: (() => void) | null = null;
  const change = () => {
    wake?.();
    wake = null;
  };
  // A message channel, not a timer or an animation frame: neither is throttled in a hidden tab.
  let lastYield = performance.now();
  const breathe = async () => {
    if (performance.now() - lastYield < 50) return;
    await new Promise<void>((resolve) => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        channel.port1.close();
        resolve();
      };
      channel.port2.postMessage(null);
    });
    lastYield = performance.now();
  };
  const check = () => {
    if (stopped)
      throw new LabError("stopped", "The run was stopped.", "Its last checkpoint is kept; it can be resumed.");
  };
  return {
    check,
    begin() {
      finishing = false;
    },
    get paused() {
      return paused;
    },
    async gate(beforeWaiting) {
      await breathe();
      let told = beforeWaiting === undefined;
      while (paused && !stopped && !finishing && allowed === 0) {
        if (told) await new Promise<void>((resolve) => (wake = resolve));
        // Telling takes its time, in which all may have changed: looked at again before waiting.
        else await beforeWaiting?.();
        told = true;
      }
      check();
      if (allowed > 0) allowed--;
      if (finishing) {
        finishing = false;
        return "finish";
      }
      return "go";
    },
    pause() {
      paused = true;
      onChange(true);
    },
    step() {
      allowed++;
      change();
    },
    resume() {
      paused = false;
      allowed = 0;
      change();
      onChange(false);
    },
    finish() {
      finishing = true;
      change();
    },
    stop() {
      stopped = true;
      change();
    },
  };
}
