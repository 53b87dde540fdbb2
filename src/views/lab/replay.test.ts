import { expect, it } from "vitest";
import { named } from "./ReplayBar";

it("names on the replay's line never cover one another", () => {
  const rooms = (at: number[], length = 100) =>
    named(
      at.map((a) => ({ at: a })),
      length,
    ).map((t) => t.room);
  expect(rooms([0, 50, 80])).toEqual([true, true, true]);
  // The next name is measured from the last one written, not from the last tick.
  expect(rooms([0, 10, 20, 90])).toEqual([true, false, true, true]);
  expect(rooms([0, 1], 0)).toEqual([false, false]);
});
