/** Which points nothing beats: none is better at the same cost or less. */

export interface CostQuality {
  cost: number;
  quality: number;
}

/**
 * @param less whether less of the quality is better
 * @returns indexes of the front by rising cost; points that are no numbers, or cost nothing or less, are left out
 */
export function paretoFront(points: readonly CostQuality[], less = false): number[] {
  const better = (a: number, b: number) => (less ? a < b : a > b);
  const order = points
    .map((_, i) => i)
    .filter((i) => Number.isFinite(points[i]!.cost) && points[i]!.cost > 0 && Number.isFinite(points[i]!.quality))
    .sort((a, b) => {
      const [p, q] = [points[a]!, points[b]!];
      return p.cost - q.cost || (better(p.quality, q.quality) ? -1 : Number(better(q.quality, p.quality)));
    });
  const front: number[] = [];
  for (const i of order) {
    const last = front.at(-1);
    if (last === undefined || better(points[i]!.quality, points[last]!.quality)) front.push(i);
  }
  return front;
}
