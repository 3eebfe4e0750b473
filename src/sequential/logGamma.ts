/**
 * Logarithms of factorials and of what is made of them, by Stirling's series. They neither overflow
 * nor lose a relative 1e-12 but next to 1 and 2, where the logarithm is zero.
 */

/** B(2k) / (2k (2k-1)) of the Bernoulli numbers, k = 1 to 7. */
const SERIES: readonly number[] = [
  1 / 12,
  -1 / 360,
  1 / 1260,
  -1 / 1680,
  1 / 1188,
  -691 / 360_360,
  1 / 156,
];
/** From here on, the first term that the series leaves out is below 1e-17. */
const LARGE = 13;
const LOG_ROOT_2_PI = 0.918_938_533_204_672_7;

/** ln Γ(x) of a positive number (Abramowitz and Stegun 1964, 6.1.40, after 6.1.15 as often as needed). */
export function logGamma(x: number): number {
  let below = 1;
  let large = x;
  for (; large < LARGE; large++) below *= large;
  const inverse = 1 / (large * large);
  let series = 0;
  for (let term = SERIES.length - 1; term >= 0; term--) {
    series = series * inverse + (SERIES[term] ?? 0);
  }
  const stirling = (large - 0.5) * Math.log(large) - large + LOG_ROOT_2_PI + series / large;
  return stirling - Math.log(below);
}

/** ln of the number of ways to choose `part` of `of`. */
export function logChoose(of: number, part: number): number {
  return logGamma(of + 1) - logGamma(part + 1) - logGamma(of - part + 1);
}
