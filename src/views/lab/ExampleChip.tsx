import { useLabStore } from "../../state/context";

/** Marks what is not the visitor's own. */
export function ExampleChip() {
  const mode = useLabStore("run", (s) => s.mode);
  return mode === "example" || mode === "replay" ? <span className="chip">Example</span> : null;
}
