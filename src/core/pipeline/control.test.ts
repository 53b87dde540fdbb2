import { describe, expect, it, vi } from "vitest";
import { createControl } from "./control";

describe("the gate", () => {
  it("is open until it is shut, and tells what was done once before it waits", async () => {
    const control = createControl();
    let told = () => {};
    const tell = vi.fn(async () => told());
    const telling = () =>
      new Promise<void>((resolve) => {
        told = resolve;
      });
    expect(await control.gate(tell)).toBe("go");
    expect(tell).not.toHaveBeenCalled();

    control.pause();
    let passed = 0;
    const once = telling();
    const first = control.gate(tell).then(() => passed++);
    await once;
    expect(passed).toBe(0);
    control.step();
    await first;
    // One step only: the next one waits again, and is told again.
    const twice = telling();
    const second = control.gate(tell).then(() => passed++);
    await twice;
    expect(tell).toHaveBeenCalledTimes(2);
    expect(passed).toBe(1);
    control.resume();
    await second;
    expect(await control.gate(tell)).toBe("go");
    expect(tell).toHaveBeenCalledTimes(2);
  });

  it("does not miss what comes while it tells", async () => {
    const control = createControl();
    control.pause();
    expect(
      await control.gate(async () => {
        control.resume();
      }),
    ).toBe("go");
  });

  it("lets a training end while paused, and throws where the run is stopped", async () => {
    const control = createControl();
    control.pause();
    const gate = control.gate();
    control.finish();
    expect(await gate).toBe("finish");
    const last = control.gate();
    control.stop();
    await expect(last).rejects.toMatchObject({ kind: "stopped" });
  });

  it("forgets with a new training that the last one was to end, and says without waiting that the run is stopped", async () => {
    const control = createControl();
    control.finish();
    control.begin();
    expect(await control.gate()).toBe("go");
    control.pause();
    control.check();
    control.stop();
    control.begin();
    expect(() => control.check()).toThrow("The run was stopped.");
  });
});
