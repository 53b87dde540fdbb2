/** What each stage is, drawn small: filled is trained, hollow is frozen, the lock says that nothing moves any more. */
import type { StageCardModel } from "./cards";

const teacher = "var(--teacher)";
const student = "var(--student)";
const ink = "var(--ink-3)";

function Tower({ x, y, layers, color, hollow = false, w = 15 }: TowerProps) {
  return Array.from({ length: layers }, (_, i) => (
    <rect
      // biome-ignore lint/suspicious/noArrayIndexKey: layers have no other name.
      key={i}
      x={x + 0.6}
      y={y + i * 7 + 0.6}
      width={w}
      height={4.6}
      rx={1}
      fill={hollow ? "none" : color}
      stroke={color}
      strokeWidth={1.2}
    />
  ));
}

interface TowerProps {
  x: number;
  y: number;
  layers: number;
  color: string;
  hollow?: boolean;
  w?: number;
}

export function Glyph({ name }: { name: StageCardModel["glyph"] }) {
  return (
    <svg className="glyph" width={40} height={36} viewBox="0 0 40 36" aria-hidden="true" focusable="false">
      {DRAWN[name]}
    </svg>
  );
}

const DRAWN: Record<StageCardModel["glyph"], React.ReactElement> = {
  corpus: (
    <g fill="none" stroke={ink} strokeWidth={1.25}>
      <path d="M13 4.5h18a1.5 1.5 0 011.5 1.5v22" />
      <rect x="8.5" y="8.5" width="20" height="24" rx="1.5" fill="var(--surface)" />
      <path d="M12 14.5h13M12 19.5h13M12 24.5h8" />
    </g>
  ),
  towers: (
    <>
      <Tower x={2} y={2} layers={3} color={teacher} />
      <Tower x={22} y={2} layers={3} color={teacher} />
      <path d="M10 25v5h20v-5" fill="none" stroke={ink} strokeWidth={1.25} />
      <circle cx="20" cy="30" r="2.4" fill={ink} />
    </>
  ),
  index: (
    <>
      {[0.9, 0.5, 0.75, 0.35, 0.6, 0.25, 0.85, 0.4, 0.3, 0.7, 0.45, 0.8].map((o, i) => (
        <rect
          // biome-ignore lint/suspicious/noArrayIndexKey: cells have no other name.
          key={i}
          x={3 + (i % 4) * 7.5}
          y={4 + Math.floor(i / 4) * 9}
          width={6}
          height={7}
          rx={0.8}
          fill={teacher}
          fillOpacity={o}
        />
      ))}
      <circle cx="32" cy="26" r="8.5" fill="var(--surface)" />
      <rect x="27" y="24.5" width="10" height="7" rx="1.2" fill="var(--ink-2)" />
      <path d="M29 24.5v-2a3 3 0 016 0v2" fill="none" stroke="var(--ink-2)" strokeWidth={1.4} />
    </>
  ),
  student: (
    <>
      <Tower x={1} y={6} layers={4} color={teacher} hollow w={13} />
      <path d="M18 29.5h6m-2.6-2.6l2.6 2.6-2.6 2.6" fill="none" stroke={ink} strokeWidth={1.25} />
      <Tower x={26} y={27} layers={1} color={student} w={12} />
    </>
  ),
  baselines: (
    <>
      <Tower x={1} y={27} layers={1} color="var(--scalingdoc)" w={7.5} />
      <Tower x={10.5} y={6} layers={4} color="var(--scalingdoc)" w={7.5} />
      <Tower x={22} y={27} layers={1} color="var(--twinbert)" w={7.5} />
      <Tower x={31.5} y={27} layers={1} color="var(--twinbert)" w={7.5} />
    </>
  ),
  evaluation: (
    <g fill={ink}>
      <rect x="6" y="6" width="28" height="4" rx="1" />
      <rect x="6" y="13" width="22" height="4" rx="1" fillOpacity={0.8} />
      <rect x="6" y="20" width="14" height="4" rx="1" fillOpacity={0.6} />
      <rect x="6" y="27" width="8" height="4" rx="1" fillOpacity={0.45} />
    </g>
  ),
};
