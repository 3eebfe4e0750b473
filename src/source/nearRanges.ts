/** Groups positions of rows into few ranges, for sources that find rows by their positions. Pure. */

/** Ranges of a table at most: each is a query of its own. */
const MOST = 1000;

/** Positions first … last. */
export type PositionRange = readonly [first: bigint, last: bigint];

/**
 * Returns ranges, ascending, that hold all positions, which ascend. Positions that are no further apart
 * than `gap` share a range; `gap` grows until there are at most 1,000 ranges.
 */
export function nearRanges(positions: readonly bigint[], gap: bigint): PositionRange[] {
  let ranges = positions.map((position): PositionRange => [position, position]);
  for (let near = gap; ; near *= 2n) {
    ranges = joined(ranges, near);
    if (ranges.length <= MOST) return ranges;
  }
}

function joined(ranges: readonly PositionRange[], gap: bigint): PositionRange[] {
  const result: PositionRange[] = [];
  for (const [first, last] of ranges) {
    const before = result.at(-1);
    if (before === undefined || first - before[1] > gap) result.push([first, last]);
    else result[result.length - 1] = [before[0], last];
  }
  return result;
}
