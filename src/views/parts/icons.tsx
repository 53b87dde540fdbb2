/** Line icons, 16 units wide, in the text's colour. They never stand alone for a meaning: a word or a label is beside. */
import type { ReactElement } from "react";

const stroke = { fill: "none", stroke: "currentColor", strokeWidth: 1.5 } as const;

const SHAPES = {
  play: <path d="M4 2.5v11l9-5.5z" fill="currentColor" />,
  pause: <path d="M4 3h3v10H4zM9 3h3v10H9z" fill="currentColor" />,
  stop: <rect x="3.5" y="3.5" width="9" height="9" fill="currentColor" />,
  step: <path d="M3 3v10l6.5-5zM11 3h2v10h-2z" fill="currentColor" />,
  finish: <path d="M2 3v10l5-5zM7.5 3v10l5-5zM13 3h1.5v10H13z" fill="currentColor" />,
  check: <path d="M3 8.5l3.2 3.2L13 4.8" {...stroke} strokeWidth={1.75} />,
  waiting: <circle cx="8" cy="8" r="5.5" {...stroke} strokeDasharray="2 2.3" />,
  running: (
    <>
      <circle cx="8" cy="8" r="5.5" {...stroke} />
      <path d="M8 2.5a5.5 5.5 0 010 11z" fill="currentColor" />
    </>
  ),
  lock: (
    <>
      <rect x="3" y="7" width="10" height="7" rx="1.5" fill="currentColor" />
      <path d="M5.2 7V5a2.8 2.8 0 015.6 0v2" {...stroke} />
    </>
  ),
  warning: (
    <>
      <path d="M8 2.2L14.5 13.5h-13z" {...stroke} strokeLinejoin="round" />
      <path d="M8 6.5v3.4M8 11.2v1" {...stroke} />
    </>
  ),
  down: <path d="M4 6l4 4 4-4" {...stroke} />,
  right: <path d="M5.5 3l5 5-5 5z" fill="currentColor" />,
  arrow: <path d="M1.5 8h12M10 4.5L13.5 8 10 11.5" {...stroke} strokeWidth={1.25} />,
  download: <path d="M8 2v8M4.5 7L8 10.5 11.5 7M3 13.5h10" {...stroke} />,
  link: (
    <path
      d="M6.5 9.5l3-3M7.2 4.6l1.5-1.5a3 3 0 014.2 4.2l-1.5 1.5M8.8 11.4l-1.5 1.5a3 3 0 01-4.2-4.2l1.5-1.5"
      {...stroke}
      strokeWidth={1.4}
    />
  ),
  search: (
    <>
      <circle cx="7" cy="7" r="4.5" {...stroke} />
      <path d="M10.5 10.5L14 14" {...stroke} />
    </>
  ),
  theme: (
    <>
      <circle cx="8" cy="8" r="5.5" {...stroke} strokeWidth={1.4} />
      <path d="M8 2.5v11a5.5 5.5 0 000-11z" fill="currentColor" />
    </>
  ),
  close: <path d="M4 4l8 8M12 4l-8 8" {...stroke} />,
  trash: <path d="M3 4.5h10M6 4.5V3h4v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5" {...stroke} strokeWidth={1.4} />,
  edit: <path d="M3 13l.6-2.8L10.8 3l2.2 2.2-7.2 7.2z" {...stroke} strokeWidth={1.4} />,
} satisfies Record<string, ReactElement>;

export type IconName = keyof typeof SHAPES;

export function Icon({ name, size = 14 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" width={size} height={size} aria-hidden="true" focusable="false">
      {SHAPES[name]}
    </svg>
  );
}
