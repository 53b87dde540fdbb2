import { useEffect } from "react";
import { clock } from "../../charts/words";
import { useLab, useLabStore } from "../../state/context";
import { SPEEDS } from "../../state/recorded";
import { replayLength, stageStarts } from "../../state/stages";
import { Button } from "../parts/Button";
import { Segmented } from "../parts/Segmented";

const WORDS: Record<string, string> = {
  stage1: "stage 1",
  stage2: "stage 2",
  scalingdoc: "baselines",
};

/** Plays the recorded run: where it comes from, where it is, how fast. */
export function ReplayBar() {
  const { recorded } = useLab();
  const s = useLabStore("recorded", (state) => state);
  const { playing, result } = s;
  useEffect(() => {
    if (!playing) return;
    let last = performance.now();
    // Four frames a second, as for a live run; a hidden page does not move.
    const timer = setInterval(() => {
      const now = performance.now();
      if (!document.hidden) recorded.getState().tick((now - last) / 1000);
      last = now;
    }, 250);
    return () => clearInterval(timer);
  }, [playing, recorded]);
  if (!result) return null;
  const length = replayLength(result);
  return (
    <section className="card player" aria-label="Replay">
      <Button
        icon={playing ? "pause" : "play"}
        label={playing ? "Pause the replay" : "Play the replay"}
        onPress={() => (playing ? s.pause() : s.play())}
      />
      <span className="from">
        <b>{result.name}</b>{" "}
        <span className="mut">
          recorded on {result.adapter.description}
          {result.adapter.software ? ", a CPU standing in for a GPU" : ""}
        </span>
      </span>
      <div className="timeline" style={{ "--v": `${length > 0 ? (100 * s.seconds) / length : 0}%` } as object}>
        {stageStarts(result)
          .filter((t) => WORDS[t.name])
          .map((t) => (
            <u key={t.name} style={{ left: `${length > 0 ? (100 * t.at) / length : 0}%` }}>
              <span>{WORDS[t.name]}</span>
            </u>
          ))}
        <i aria-hidden="true" />
        <input
          type="range"
          min={0}
          max={Math.max(1, Math.round(length))}
          step={1}
          value={Math.round(s.seconds)}
          aria-label="Position in the recorded run"
          aria-valuetext={`${clock(s.seconds)} of ${clock(length)}`}
          onChange={(e) => s.seek(e.currentTarget.valueAsNumber)}
        />
      </div>
      <span className="mut time">
        {clock(s.seconds)} of {clock(length)}
      </span>
      <Segmented
        label="Speed"
        value={String(s.speed)}
        options={SPEEDS.map((v) => ({ id: String(v), label: `${v}×` }))}
        onChange={(v) => s.setSpeed(Number(v))}
      />
    </section>
  );
}
