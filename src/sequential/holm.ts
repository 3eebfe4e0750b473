/** Several hypotheses at one level: the probability that any true one is rejected stays below it. */

/**
 * Which hypotheses are rejected at the family-wise level `alpha`, in the same order (Holm 1979, A
 * simple sequentially rejective multiple test procedure). NaN is never rejected, and counts as one
 * of the hypotheses.
 */
export function holm(pValues: readonly number[], alpha: number): readonly boolean[] {
  const order = [...pValues.keys()].sort((a, b) => valueOf(pValues[a]) - valueOf(pValues[b]));
  const rejected = pValues.map(() => false);
  for (const [rank, index] of order.entries()) {
    if (valueOf(pValues[index]) > alpha / (pValues.length - rank)) break;
    rejected[index] = true;
  }
  return rejected;
}

/** A p-value that sorts: what is none comes last. More than 1 is as good as 1. */
function valueOf(pValue: number | undefined): number {
  return pValue === undefined || Number.isNaN(pValue) ? 2 : pValue;
}
