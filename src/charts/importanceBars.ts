/** How much each axis accounts for, as bars; a tick marks what chance alone would give. */
import { scaleLinear } from "d3-scale";
import { cutList, finite, fitted, nothing, picture, px, type Size, text } from "./frame";
import { el, type SvgNode } from "./svg";
import { percent } from "./words";

export interface ImportanceBar {
  label: string;
  /** 0 to 1. */
  share: number;
  chance: number;
}

const MOST = 12;
export const BAR_HEIGHT = 28;

/** Height for so many bars. */
export const importanceHeight = (bars: number): number => 30 + Math.max(1, Math.min(MOST + 1, bars)) * BAR_HEIGHT;

/** @param method how the shares were computed: said in the picture's label, to be said beside it too */
export function importanceBars(bars: readonly ImportanceBar[], method: string, size: Size): SvgNode {
  const usable = bars.filter((b) => finite(b.share));
  if (usable.length === 0) return nothing(size, "Nothing to compare yet");
  const shown = usable.slice(0, MOST);
  const left = Math.min(170, Math.max(90, size.width * 0.36));
  const x = scaleLinear([0, 1], [left, size.width - 56]).clamp(true);
  const children: SvgNode[] = [];
  for (const t of [0, 0.5, 1]) {
    children.push(el("path", { class: "grid", d: `M${px(x(t))} 4V${px(8 + shown.length * BAR_HEIGHT)}` }));
    children.push(text(x(t), 22 + shown.length * BAR_HEIGHT, percent(t, 0), { "text-anchor": "middle" }));
  }
  for (const [i, bar] of shown.entries()) {
    const y = 8 + i * BAR_HEIGHT;
    const real = bar.share > bar.chance;
    children.push(
      fitted(left - 8, y + 16, bar.label, left - 10, { "text-anchor": "end", class: "strong" }, cutList),
      el("rect", {
        class: real ? "part" : "part faint",
        x: px(x(0)),
        y: y + 5,
        width: px(Math.max(1, x(bar.share) - x(0))),
        height: 14,
        rx: 2,
      }),
      text(Math.max(x(bar.share), finite(bar.chance) ? x(bar.chance) : 0) + 8, y + 16, percent(bar.share, 0), {
        class: real ? "strong" : "",
      }),
    );
    if (finite(bar.chance)) children.push(el("path", { class: "chance", d: `M${px(x(bar.chance))} ${y + 2}v20` }));
  }
  if (usable.length > MOST) children.push(text(4, 22 + shown.length * BAR_HEIGHT, `and ${usable.length - MOST} more`));
  const first = shown[0]!;
  const label = `Importance, ${method}: ${first.label} ${percent(first.share, 0)}${
    first.share > first.chance ? "" : ", no more than chance"
  }${shown[1] ? `, then ${shown[1].label} ${percent(shown[1].share, 0)}` : ""}.`;
  return picture(size, label, children);
}
