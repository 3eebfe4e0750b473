/** The least number that is enough, found by doubling and halving. Pure. */

/** The least number from 1 to `most` that is enough, if more always is; null if `most` is not enough. */
export function firstOf(most: number, enough: (count: number) => boolean): number | null {
  let high = 1;
  while (high < most && !enough(high)) high *= 2;
  let low = high === 1 ? 1 : high / 2 + 1;
  if (high >= most) {
    if (!enough(most)) return null;
    high = most;
  }
  while (high > low) {
    const middle = Math.floor((low + high) / 2);
    if (enough(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}
