/** All settings at once, as parallel coordinates; dragging along an axis filters. */
import { type KeyboardEvent, type PointerEvent, type ReactNode, useCallback, useMemo, useRef, useState } from "react";
import { parallelData } from "../../charts/ablationData";
import { type Brushes, brushed, parallelChart, parallelLayout, topBrush } from "../../charts/parallel";
import { counted } from "../../charts/words";
import type { AblationReport } from "../../core/analysis/ablation";
import { cellOf } from "../../core/analysis/tables";
import type { Cell, Table } from "../../core/formats/export";
import { Segmented } from "../parts/Segmented";
import { ChartCard } from "../sweeps/ChartCard";
import { brushWords } from "./brushWords";

const HEIGHT = 348;
const TOP_SHARE = 0.2;
/** How far an arrow key moves a brush. */
const STEP = 0.1;
/** A brush that a tap makes. */
const TAP = 0.15;

/** A pointer that is down: where it began, whether on a brush, and whether it has not moved. */
interface Drag {
  axis: number;
  from: number;
  taken: boolean;
  still: boolean;
  touch: boolean;
}

export function KnobsCard({ report }: { report: AblationReport }) {
  const data = useMemo(() => parallelData(report), [report]);
  const [asked, setAsked] = useState<{ titles: string; brushes: Brushes } | null>(null);
  // A brush is of a place among the axes: with other axes, or another measure, it would filter by something else.
  const titles = data.axes.map(({ title }) => title).join("\n");
  const own = asked?.titles === titles ? asked.brushes : null;
  const setOwn = (next: Brushes | null) => setAsked(next && { titles, brushes: next });
  const [mode, setMode] = useState<"top" | "all">("top");
  const brushes = useMemo(() => own ?? (mode === "top" ? topBrush(data, TOP_SHARE) : {}), [own, mode, data]);
  const [wantedFocus, setFocused] = useState(0);
  const focused = Math.min(wantedFocus, data.axes.length - 1);
  const [keyed, setKeyed] = useState(false);
  const drag = useRef<Drag | null>(null);
  const draw = useCallback(
    (width: number) => parallelChart(data, brushes, { width, height: HEIGHT }, keyed ? focused : undefined),
    [data, brushes, keyed, focused],
  );
  const table = useCallback((): Table => {
    const inside = brushed(data, brushes);
    return {
      columns: [...report.axes.map((a) => a.path), report.metric, "within the brush"],
      rows: report.configurations.map((c, i): Cell[] => [
        ...report.axes.map((a) => cellOf(c.assignments[a.path])),
        c.estimate.value,
        inside[i] ? "yes" : "no",
      ]),
    };
  }, [report, data, brushes]);

  const place = (event: PointerEvent<HTMLElement>, width: number) => {
    const box = event.currentTarget.getBoundingClientRect();
    const layout = parallelLayout(data.axes.length, { width, height: HEIGHT });
    const px = ((event.clientX - box.left) / box.width) * width;
    const py = ((event.clientY - box.top) / box.height) * HEIGHT;
    const axis =
      data.axes.map((_, a) => a).sort((a, b) => Math.abs(layout.x(a) - px) - Math.abs(layout.x(b) - px))[0] ?? 0;
    const at = Math.max(0, Math.min(1, (layout.bottom - py) / (layout.bottom - layout.top)));
    return { axis, at, near: Math.abs(layout.x(axis) - px) < 24 };
  };
  const put = (axis: number, range: readonly [number, number] | undefined) => {
    const { [axis]: _, ...rest } = brushes;
    setOwn(range ? { ...rest, [axis]: range } : rest);
  };
  const keys = (event: KeyboardEvent) => {
    setKeyed(true);
    const moves: Record<string, number> = { ArrowUp: STEP, ArrowDown: -STEP };
    if (event.key === "ArrowLeft" || event.key === "ArrowRight")
      setFocused(Math.max(0, Math.min(data.axes.length - 1, focused + (event.key === "ArrowLeft" ? -1 : 1))));
    else if (event.key in moves) {
      const [low, high] = brushes[focused] ?? [0, 1];
      // A brush over all of the axis first becomes one half of it; then it moves.
      const whole = low === 0 && high === 1;
      const by = moves[event.key]!;
      const shift = Math.max(-low, Math.min(1 - high, by));
      const moved: [number, number] = event.shiftKey
        ? [low, Math.min(1, high + by)]
        : whole
          ? by > 0
            ? [0.5, 1]
            : [0, 0.5]
          : [low + shift, high + shift];
      if (moved[1] - moved[0] > 0.01) put(focused, moved);
    } else if (event.key === "Escape" || event.key === "Delete") put(focused, undefined);
    else return;
    event.preventDefault();
  };
  const overlay = (picture: ReactNode, width: number) => (
    // biome-ignore lint/a11y/useSemanticElements: no element of HTML is a set of brushes.
    <div
      className="brushes"
      role="group"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keys that its label names are how it is used without a pointer.
      tabIndex={0}
      aria-label={`Brush on ${data.axes[focused]?.title ?? ""}. Left and right choose the axis, up and down move the brush, with Shift its upper end, Escape takes it away.`}
      onFocus={(event) => setKeyed(event.currentTarget.matches(":focus-visible"))}
      onBlur={() => setKeyed(false)}
      onKeyDown={keys}
      onPointerDown={(event) => {
        const { axis, at, near } = place(event, width);
        if (!near) return;
        const [low, high] = brushes[axis] ?? [1, 0];
        const touch = event.pointerType === "touch";
        drag.current = { axis, from: at, taken: at >= low && at <= high, still: true, touch };
        setFocused(axis);
        // A finger that moves scrolls the page: a tap is what brushes.
        if (!touch) event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        const held = drag.current;
        if (!held || held.touch) return;
        const { at } = place(event, width);
        if (Math.abs(at - held.from) <= 0.01 && held.still) return;
        held.still = false;
        put(held.axis, [Math.min(at, held.from), Math.max(at, held.from)]);
      }}
      onPointerUp={() => {
        const held = drag.current;
        drag.current = null;
        if (!held?.still) return;
        const { axis, from, taken } = held;
        put(axis, taken ? undefined : [Math.max(0, from - TAP), Math.min(1, from + TAP)]);
      }}
      onPointerCancel={() => {
        drag.current = null;
      }}
    >
      {picture}
    </div>
  );
  return (
    <ChartCard
      title="All settings"
      sub={`${counted(report.configurations.length, "configuration")}; drag along an axis, or press it, to filter`}
      name="settings"
      draw={draw}
      table={table}
      overlay={overlay}
      end={
        <Segmented
          label="Brushed"
          value={own ? "own" : mode}
          onChange={(value) => {
            if (value === "own") return;
            setOwn(null);
            setMode(value);
          }}
          options={[
            { id: "top", label: "top 20 %" },
            { id: "all", label: "all" },
            { id: "own", label: "own", disabled: own === null },
          ]}
        />
      }
      caption={<span aria-live="polite">{brushWords(report, brushed(data, brushes))}</span>}
    />
  );
}
