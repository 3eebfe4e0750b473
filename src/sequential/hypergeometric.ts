/**
 * Fisher's noncentral hypergeometric distribution: how many of the `part` of two groups are in the
 * first one, where their total is given. It depends on the odds ratio alone, not on the rates.
 */

import { logChoose } from './logGamma.ts';

/** Two groups of `first` and `second` trials, of which `total` together are `part`. */
interface Table {
  readonly first: number;
  readonly second: number;
  readonly total: number;
}

/** So few values that all of them are summed, without an overflow for odds ratios up to e^4. */
const FEW = 100;
/** Terms below this share of the greatest one change no digit of a sum. */
const NEGLIGIBLE = 1e-18;

/**
 * Adds the log-likelihood of each log odds ratio to `sums`, but for a constant which is the same for
 * all: that `seen` of the total are in the first group. Log odds ratios are from -4 to 4.
 */
export function addLogLikelihoods(
  table: Table,
  seen: number,
  logRatios: readonly number[],
  sums: Float64Array,
): void {
  const least = Math.max(0, table.total - table.second);
  const most = Math.min(table.first, table.total);
  if (least === most) return;
  const few = most - least <= FEW;
  const weights = few ? weightsOf(table, least, most) : null;
  for (const [index, logRatio] of logRatios.entries()) {
    const logTotal =
      weights === null
        ? logSumFrom(table, seen, logRatio)
        : logSumOf(weights, logRatio) - (seen - least) * logRatio;
    sums[index] = (sums[index] ?? 0) - logTotal;
  }
}

/** The weights of all values for the odds ratio 1, divided by the greatest of them. */
function weightsOf(table: Table, least: number, most: number): Float64Array {
  const weights = new Float64Array(most - least + 1);
  const mode = modeOf(table, 1);
  let weight = 1;
  for (let value = mode; value <= most; value++) {
    weights[value - least] = weight;
    weight *= stepUp(table, value);
  }
  weight = 1;
  for (let value = mode - 1; value >= least; value--) {
    weight /= stepUp(table, value);
    weights[value - least] = weight;
  }
  return weights;
}

/** ln of the sum of weight × ratio^index (Horner). */
function logSumOf(weights: Float64Array, logRatio: number): number {
  const ratio = Math.exp(logRatio);
  let sum = 0;
  for (let index = weights.length - 1; index >= 0; index--) {
    sum = sum * ratio + (weights[index] ?? 0);
  }
  return Math.log(sum);
}

/** ln of the sum of all weights divided by that of `seen`: from the mode outwards, as far as terms count. */
function logSumFrom(table: Table, seen: number, logRatio: number): number {
  const ratio = Math.exp(logRatio);
  const mode = modeOf(table, ratio);
  let sum = 1;
  let term = stepUp(table, mode) * ratio;
  for (let value = mode + 1; term > NEGLIGIBLE; value++) {
    sum += term;
    term *= stepUp(table, value) * ratio;
  }
  term = 1;
  for (let value = mode - 1; value >= Math.max(0, table.total - table.second); value--) {
    term /= stepUp(table, value) * ratio;
    if (term < NEGLIGIBLE) break;
    sum += term;
  }
  return logWeight(table, mode) - logWeight(table, seen) + (mode - seen) * logRatio + Math.log(sum);
}

/** The weight of `value + 1` by that of `value`, for the odds ratio 1; 0 after the last value. */
function stepUp({ first, second, total }: Table, value: number): number {
  return ((first - value) * (total - value)) / ((value + 1) * (second - total + value + 1));
}

function logWeight({ first, second, total }: Table, value: number): number {
  return logChoose(first, value) + logChoose(second, total - value);
}

/** The most probable value: the first from which the weights do not grow. */
function modeOf(table: Table, ratio: number): number {
  let low = Math.max(0, table.total - table.second);
  let high = Math.min(table.first, table.total);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (stepUp(table, middle) * ratio > 1) low = middle + 1;
    else high = middle;
  }
  return low;
}
