/** Towers and vectors that sweeps share: what they take, and how to let them go. */
import { useEffect, useState } from "react";
import { bytes, count } from "../../charts/words";
import { useLab, useLabStore } from "../../state/context";
import { sweepUnderWay } from "../../state/sweeps";
import { Ask } from "../parts/Ask";
import { Button } from "../parts/Button";

const MOST = 100;

export function ArtifactsCard() {
  const { sweeps } = useLab();
  const artifacts = useLabStore("sweeps", (s) => s.artifacts);
  const active = useLabStore("sweeps", sweepUnderWay);
  const readOnly = useLabStore("lock", (s) => s.owner !== "here");
  const [asked, setAsked] = useState(false);
  const stored = useLabStore("sweeps", (s) => s.list?.length ?? 0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: read again when a sweep came, ended or went.
  useEffect(() => {
    void sweeps.getState().readArtifacts();
  }, [sweeps, stored, active?.id]);
  if (!artifacts || artifacts.list.length === 0) return null;
  const { list, limit } = artifacts;
  const total = list.reduce((sum, info) => sum + info.bytes, 0);
  return (
    <section className="card" aria-labelledby="artifacts-title">
      <header>
        <h2 id="artifacts-title">Towers and vectors</h2>
        <span className="sub">
          {bytes(total)} of {bytes(limit)} at most
        </span>
        <div className="end">
          <Button look="quiet" isDisabled={readOnly || active !== null} onPress={() => setAsked(true)}>
            Clear
          </Button>
        </div>
      </header>
      <p className="reading-line">
        What a trial trained is used again by every trial that would train the same. What was used least recently goes
        first.
      </p>
      <details className="astable">
        <summary>{count(list.length)} kept</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable with the keyboard. */}
        <section className="scrollx" tabIndex={0} aria-label="Towers and vectors">
          <table className="tbl">
            <thead>
              <tr>
                <th scope="col">What</th>
                <th scope="col">Size</th>
                <th scope="col">Last used</th>
              </tr>
            </thead>
            <tbody>
              {list.slice(0, MOST).map((info) => (
                <tr key={`${info.kind}/${info.key}`}>
                  <td className="l">{info.what}</td>
                  <td>{bytes(info.bytes)}</td>
                  <td>{info.lastUsed > 0 ? new Date(info.lastUsed).toLocaleString() : "–"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </details>
      <Ask
        title="Clear towers and vectors?"
        open={asked}
        action="Clear"
        onClose={() => setAsked(false)}
        onYes={() => void sweeps.getState().clearArtifacts()}
      >
        <p>Measured trials stay. A sweep that goes on, or a new one, trains its towers again.</p>
      </Ask>
    </section>
  );
}
