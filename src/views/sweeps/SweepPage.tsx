import type { ReactNode } from "react";
import { SweepShelf } from "./SweepPanel";
import { TrialsSource } from "./TrialsSource";

/** Frame of a view of trials: its head without any, the sweeps that are stored, and where trials come from. */
export function SweepPage({
  title,
  words,
  about,
  panel,
  children,
}: {
  title: string;
  words: string;
  /** What trials are good for here. */
  about: string;
  /** New sweeps and what is under way. */
  panel: ReactNode;
  /** The trials on show; null: there are none. */
  children: ReactNode;
}) {
  return (
    <main className="page" id="main" tabIndex={-1}>
      {children ?? (
        <>
          <div className="runbar">
            <h1>{title}</h1>
            <p className="changed">{words}</p>
          </div>
          {panel}
        </>
      )}
      <SweepShelf />
      <TrialsSource what={about} />
    </main>
  );
}
