/** The five systems as every chart shows them: one name, one colour, one mark each, in every view. */
import type { SystemName } from "../core/formats/result";

export interface SystemLook {
  name: SystemName;
  label: string;
  /** CSS custom property of the colour. */
  color: string;
  /** Class that sets --c. */
  className: string;
}

export const LOOKS: Record<SystemName, SystemLook> = {
  teacher: {
    name: "teacher",
    label: "Teacher",
    color: "var(--teacher)",
    className: "c-teacher",
  },
  scalingnote: {
    name: "scalingnote",
    label: "ScalingNote",
    color: "var(--student)",
    className: "c-student",
  },
  scalingdoc: {
    name: "scalingdoc",
    label: "ScalingDoc",
    color: "var(--scalingdoc)",
    className: "c-scalingdoc",
  },
  twinbert: {
    name: "twinbert",
    label: "TwinBERT",
    color: "var(--twinbert)",
    className: "c-twinbert",
  },
  bm25: { name: "bm25", label: "BM25", color: "var(--bm25)", className: "c-bm25" },
};

/** Path of a system's mark around (x, y) with radius r: diamond, circle, square, triangle, circle (hollow for BM25). */
export function markPath(name: SystemName, x: number, y: number, r: number): string {
  const n = (v: number) => Number(v.toFixed(2));
  switch (name) {
    case "teacher": {
      const d = r * 1.3;
      return `M${n(x)} ${n(y - d)}L${n(x + d)} ${n(y)}L${n(x)} ${n(y + d)}L${n(x - d)} ${n(y)}Z`;
    }
    case "scalingdoc": {
      const d = r * 0.9;
      return `M${n(x - d)} ${n(y - d)}H${n(x + d)}V${n(y + d)}H${n(x - d)}Z`;
    }
    case "twinbert": {
      const d = r * 1.25;
      return `M${n(x)} ${n(y - d)}L${n(x + d)} ${n(y + d * 0.8)}H${n(x - d)}Z`;
    }
    default:
      return `M${n(x - r)} ${n(y)}a${n(r)} ${n(r)} 0 1 0 ${n(2 * r)} 0a${n(r)} ${n(r)} 0 1 0 ${n(-2 * r)} 0Z`;
  }
}
