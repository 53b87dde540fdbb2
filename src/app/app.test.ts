import { describe, expect, it } from "vitest";
import { keyAction } from "./keys";
import { importAddress, parseHash } from "./route";

describe("the address", () => {
  it("names the view and keeps what follows the question mark", () => {
    expect(parseHash("#/runs?import=a.zip")).toEqual({ view: "runs", query: "import=a.zip" });
    expect(parseHash("#/lab?preset=quick&teacher.prompt=why?")).toEqual({
      view: "lab",
      query: "preset=quick&teacher.prompt=why?",
    });
    for (const hash of ["", "#", "#/", "#/nowhere", "#settings"]) expect(parseHash(hash).view).toBe("lab");
  });
  it("may carry a run to import", () => {
    expect(importAddress("import=https%3A%2F%2Fa.example%2Frun.zip")).toBe("https://a.example/run.zip");
    expect(importAddress("preset=quick")).toBeNull();
  });
});

describe("keys", () => {
  const press = (key: string, inside: string[] = [], more: object = {}) =>
    keyAction({
      key,
      ctrlKey: false,
      metaKey: false,
      altKey: false,
      target: {
        closest: (selector: string) => (inside.some((s) => selector.split(", ").includes(s)) ? {} : null),
      } as unknown as EventTarget,
      ...more,
    });
  it("do what the list says", () => {
    expect(press(" ")).toEqual({ do: "pause" });
    expect(press("s")).toEqual({ do: "step" });
    expect(["1", "2", "3", "4", "5"].map((k) => press(k))).toEqual(
      ["lab", "scaling", "ablation", "search", "runs"].map((view) => ({ do: "view", view })),
    );
    expect(press("/")).toEqual({ do: "search" });
    expect(press("?")).toEqual({ do: "help" });
    expect(press("6")).toBeNull();
    expect(press("0")).toBeNull();
  });
  it("leave typing, buttons and the browser alone", () => {
    expect(press("s", ["textarea"])).toBeNull();
    expect(press(" ", ["button"])).toBeNull();
    expect(press("s", ["button"])).toEqual({ do: "step" });
    expect(press("1", [], { ctrlKey: true })).toBeNull();
  });
});
