import { useEffect } from "react";
import { clock } from "../../charts/words";
import { useLab, useLabStore } from "../../state/context";
import { isCpu } from "../../state/device";
import { SPEEDS } from "../../state/recorded";
import { stageStarts, totalSeconds } from "../../state/stages";
import { Button } from "../parts/Button";
import { Segmented } from "../parts/Segmented";

/** Stages whose names have room on the line: each at least so far from the one before, as a share of the whole. */
const ROOM = 0.16;

const WORDS: Record<string, string> = {
  stage1: "stage 1",
  stage2: "stage 2",
  scalingdoc: "baselines",
};

/** Which ticks of the line can carry their name without covering the one before. */
export function named<T extends { at: number }>(starts: readonly T[], length: number): (T & { room: boolean })[] {
  let last = Number.NEGATIVE_INFINITY;
  return starts.map((t) => {
    const room = length > 0 && (t.at - last) / length >= ROOM;
    if (room) last = t.at;
    return { ...t, room };
  });
}

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
  const length = totalSeconds(result.stages);
  // Rounded up: the far end of the slider is the end of the run, where its results are.
  const end = Math.max(1, Math.ceil(length));
  const starts = named(
    stageStarts(result).filter((t) => WORDS[t.name]),
    length,
  );
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
          {result.adapter.software && !isCpu(result.adapter) ? ", a CPU standing in for a GPU" : ""}
        </span>
      </span>
      <div className="timeline" style={{ "--v": `${length > 0 ? (100 * s.seconds) / length : 0}%` } as object}>
        {starts.map((t) => (
          <u key={t.name} style={{ left: `${length > 0 ? (100 * t.at) / length : 0}%` }}>
            {t.room ? <span>{WORDS[t.name]}</span> : null}
          </u>
        ))}
        <i aria-hidden="true" />
        <input
          type="range"
          min={0}
          max={end}
          step={1}
          value={s.seconds >= length ? end : Math.floor(s.seconds)}
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
