/** What a comparison says of a module, for reports. Pure. */

import type { ComparedModule } from '../outcome/comparison.ts';
import type { ModuleSide } from '../seal/opened/moduleSide.ts';

/** A module that could not be compared. */
export function incomparableModule(sealed: ModuleSide): ComparedModule {
  return {
    module: sealed.module,
    sealed: sealedCount(sealed),
    rows: null,
    missing: 0,
    extra: 0,
    changed: 0,
    ranges: sealed.ranges.length,
    differing: 0,
    strip: [],
  };
}

/** Returns the number of records in the seal. */
export function sealedCount({ side, module }: ModuleSide): number {
  return side.modules.get(module)?.count ?? 0;
}

/** The most cells of a strip. */
const CELLS = 200;

/** Condenses ranges into a strip, in which a cell is 1 if one of its ranges differs. */
export function stripOf(differing: Uint8Array): number[] {
  const cells = Math.min(CELLS, differing.length);
  return Array.from({ length: cells }, (_, at) => {
    const from = Math.floor((at * differing.length) / cells);
    const to = Math.floor(((at + 1) * differing.length) / cells);
    return differing.subarray(from, to).includes(1) ? 1 : 0;
  });
}
