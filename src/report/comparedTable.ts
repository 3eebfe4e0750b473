/**
 * The modules of a compared target as a table of text. A long table is folded: modules that differ stay,
 * then the largest, and one line sums up the others. Pure.
 */

import { isEqual, type ComparedModule, type Comparison } from '../outcome/comparison.ts';
import { counted } from '../outcome/counted.ts';
import { printable } from '../outcome/printable.ts';
import { alignColumns } from './alignColumns.ts';

/** Lines that are not modules: the header and the sum. */
const FRAME = 2;
/** Stands for a number that is not known, as the module could not be compared. */
const UNKNOWN = '?';

/** Returns at most `lines` lines; `lines` has to be at least 5. */
export function comparedTable({ modules }: Comparison, lines: number): string[] {
  if (modules.length === 0) return [];
  const kept = modules.length + FRAME <= lines ? modules : worst(modules, lines - FRAME - 1);
  const table = alignColumns(
    [
      ['module', 'sealed', 'target', 'missing', 'extra', 'changed'],
      ...kept.map(({ module, ...numbers }) => [module, ...cellsOf(numbers)]),
      [counted(modules.length, 'module'), ...cellsOf(sumOf(modules))],
    ],
    5,
  );
  if (kept.length < modules.length) table.splice(-1, 0, others(modules, new Set(kept)));
  return table.map(printable);
}

type Numbers = Pick<ComparedModule, 'sealed' | 'rows' | 'missing' | 'extra' | 'changed'>;

function cellsOf({ sealed, rows, missing, extra, changed }: Numbers): string[] {
  if (rows === null) return [String(sealed), ...[1, 2, 3, 4].map(() => UNKNOWN)];
  return [sealed, rows, missing, extra, changed].map(String);
}

/** Sums up what is known. */
function sumOf(modules: readonly ComparedModule[]): Numbers {
  const sum = (of: (module: ComparedModule) => number): number =>
    modules.reduce((total, module) => total + of(module), 0);
  return {
    sealed: sum(({ sealed }) => sealed),
    rows: sum(({ rows }) => rows ?? 0),
    missing: sum(({ missing }) => missing),
    extra: sum(({ extra }) => extra),
    changed: sum(({ changed }) => changed),
  };
}

/** Picks modules that could not be compared, differ most, or are largest; keeps their order. */
function worst(modules: readonly ComparedModule[], most: number): ComparedModule[] {
  const ranked = [...modules].sort((a, b) => {
    const [one, other] = [badness(a), badness(b)];
    return one === other ? b.sealed - a.sealed : other > one ? 1 : -1;
  });
  const kept = new Set(ranked.slice(0, Math.max(1, most)));
  return modules.filter((module) => kept.has(module));
}

function badness({ rows, missing, extra, changed }: ComparedModule): number {
  return rows === null ? Number.POSITIVE_INFINITY : missing + extra + changed;
}

function others(modules: readonly ComparedModule[], kept: ReadonlySet<ComparedModule>): string {
  const folded = modules.filter((module) => !kept.has(module));
  const apart = folded.filter((module) => !isEqual(module)).length;
  const more = `and ${folded.length} more`;
  return apart === 0 ? `${more}, all equal` : `${more}, ${apart} of them not equal`;
}
