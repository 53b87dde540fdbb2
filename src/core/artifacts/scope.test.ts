import { expect, test } from "vitest";
import { scopeStore } from "./scope";
import { memoryStore } from "./store";

test("a part of a store has its own paths, and no others", async () => {
  const whole = memoryStore();
  const part = scopeStore(whole, "runs/a");
  await part.write("c/d", Uint8Array.of(1, 2, 3));
  await whole.write("runs/ab/c/d", Uint8Array.of(9));
  expect(await whole.list("")).toEqual(["runs/a/c/d", "runs/ab/c/d"]);
  expect(await part.list("c/")).toEqual(["c/d"]);
  expect(await part.read("c/d")).toEqual(Uint8Array.of(1, 2, 3));
  expect([await part.size("c/d"), await part.size("c"), await part.size("b/c/d")]).toEqual([3, null, null]);
  await part.remove("c");
  expect(await whole.list("")).toEqual(["runs/ab/c/d"]);
});
