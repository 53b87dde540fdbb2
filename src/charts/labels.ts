/** Labels at the ends of lines, moved apart so that none covers another. */

export interface EndLabel {
  key: string;
  y: number;
}

/**
 * Places for labels that want to stand at `y`, at least `gap` apart and within [top, bottom] where they fit. Keeps the
 * order of the wanted places.
 */
export function placeLabels(
  labels: readonly EndLabel[],
  gap: number,
  top: number,
  bottom: number,
): Map<string, number> {
  const sorted = labels.filter((l) => Number.isFinite(l.y)).sort((a, b) => a.y - b.y);
  const at: number[] = [];
  for (const [i, l] of sorted.entries()) at.push(Math.max(l.y, i === 0 ? top : at[i - 1]! + gap));
  // Pushed past the bottom: push back up from there.
  for (let i = at.length - 1; i >= 0; i--) {
    const limit = i === at.length - 1 ? bottom : at[i + 1]! - gap;
    if (at[i]! > limit) at[i] = limit;
  }
  return new Map(sorted.map((l, i) => [l.key, at[i]!]));
}
