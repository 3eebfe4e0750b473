/** Lets no more rows through per second than an operator allows, so that the application stays responsive. */

/** Makes a function that waits after so many rows; null for no limit. */
export function pacer(
  rowsPerSecond: number | null,
  now: () => Date,
  sleep: (ms: number) => Promise<unknown>,
): (rows: number) => Promise<void> {
  if (rowsPerSecond === null) return async () => {};
  const begun = now().getTime();
  let sum = 0;
  return async (rows) => {
    sum += rows;
    const early = begun + (sum / rowsPerSecond) * 1000 - now().getTime();
    if (early > 0) await sleep(early);
  };
}
