/**
 * Rows that are in no module at all. Each module accounts for the rows that it leaves out; that some
 * other module takes them is an intention, which is held here against the rows: table by table, those
 * that the conditions of every module leave out are counted, and told.
 */

import { compileModule, type CompiledModule } from '../mapping/compile.ts';
import type { Mapping } from '../mapping/model.ts';
import { quoteName } from '../mapping/nearest.ts';
import { severityOf } from '../mapping/severity.ts';
import type { Finding } from '../outcome/finding.ts';
import type { Rule } from '../outcome/rules.ts';
import { compareNames } from '../source/nameOrder.ts';
import type { BuiltModule } from './buildModule.ts';
import type { PassContext } from './keyPass.ts';
import { sumLeftOut, type LeftOut, type LeftOutInput } from './leftOutTask.ts';
import type { RowSelection } from './rowSelection.ts';

/** A table with all modules that read it or answer for it. */
interface Readers {
  readonly table: string;
  readonly modules: readonly CompiledModule[];
  /** Rows of the table, and the fewest that one of the modules leaves out. */
  readonly rows: number;
  readonly atMost: number;
}

const ROWS_PER_RANGE = 65_536;

/**
 * Findings `filtered-row` and `filtered-kind`, by the first module that reads their table. Reads
 * only tables of which each module has left out rows.
 */
export async function findLeftOut(
  built: readonly Pick<BuiltModule, 'accounting'>[],
  selection: RowSelection,
  context: PassContext,
): Promise<Map<string, Finding[]>> {
  const findings = new Map<string, Finding[]>();
  for (const readers of tablesWithGaps(built, context.mapping)) {
    const direct = readers.modules.every(({ base }) => base === null);
    const found = direct ? await count(readers, selection, context) : null;
    const [first] = readers.modules;
    const known = findings.get(first?.name ?? '') ?? [];
    findings.set(first?.name ?? '', [...known, ...findingsOf(readers, found, context.mapping)]);
  }
  return findings;
}

/** Tables of which each module that reads them has left out some rows. */
function tablesWithGaps(
  built: readonly Pick<BuiltModule, 'accounting'>[],
  mapping: Mapping,
): Readers[] {
  const tables = Map.groupBy(built, ({ accounting: { source, table } }) =>
    JSON.stringify([source, table]),
  );
  return [...tables.entries()]
    .sort(([a], [b]) => compareNames(a, b))
    .map(([, readers]) => {
      const [first] = readers;
      return {
        table: first?.accounting.table ?? '',
        modules: readers.map(({ accounting }) => compileModule(mapping, accounting.module)),
        rows: first?.accounting.rows ?? 0,
        atMost: Math.min(...readers.map(({ accounting }) => accounting.filtered)),
      };
    })
    .filter(({ atMost }) => atMost > 0);
}

/** One pass over the columns that conditions look at. */
async function count(
  { table, modules }: Readers,
  selection: RowSelection,
  { pool, sourceOf, progress }: PassContext,
): Promise<LeftOut> {
  const [first] = modules;
  if (first === undefined) throw new Error(`no module reads table ${table}`);
  const ranges = await sourceOf(first).plan(table, ROWS_PER_RANGE);
  const input: LeftOutInput = {
    modules: modules.map(({ name }) => name),
    selection,
    ranges,
    next: new SharedArrayBuffer(4),
  };
  progress.begin(`rows in no module of ${table}`, 0);
  try {
    const workers = Math.max(1, Math.min(pool.size, ranges.length));
    const calls = Array.from({ length: workers }, () => pool.call<LeftOut>('leftOut', input));
    await Promise.allSettled(calls);
    return sumLeftOut(await Promise.all(calls));
  } finally {
    progress.end();
  }
}

/** Where a query answers for the table it is not known which rows it leaves out: `found` is null. */
function findingsOf(readers: Readers, found: LeftOut | null, mapping: Mapping): Finding[] {
  const { rows, atMost } = readers;
  const table = quoteName(readers.table);
  const odd = (found?.odd ?? []).map((cells) => {
    const number = cells.nulls + cells.others;
    const column = quoteName(cells.column);
    const why = oddly(cells);
    const reason = `in no module: ${number} of ${rows} rows of table ${table}, as column ${column} ${why}`;
    return finding('filtered-kind', reason, readers, mapping);
  });
  const known = (found?.odd ?? []).reduce((sum, { nulls, others }) => sum + nulls + others, 0);
  const rest = (found?.rows ?? atMost) - known;
  if (rest === 0) return odd;
  const number = found === null && readers.modules.length > 1 ? `up to ${rest}` : `${rest}`;
  const reason = `in no module: ${number} of ${rows} rows of table ${table}, which the mapping filters`;
  return [...odd, finding('filtered-row', reason, readers, mapping)];
}

function oddly({ nulls, others }: LeftOut['odd'][number]): string {
  if (others === 0) return `is null in ${nulls} of them`;
  if (nulls === 0) return `is of another kind than the condition's values in ${others} of them`;
  return `is null in ${nulls} of them, and of another kind than the condition's values in ${others}`;
}

function finding(rule: Rule, reason: string, { modules }: Readers, mapping: Mapping): Finding {
  // What several modules leave out together is nobody's alone.
  const [only, ...others] = modules;
  const module = others.length === 0 ? only?.name : undefined;
  const severity = severityOf(mapping.project, rule, module ?? '');
  return { rule, severity, ...(module === undefined ? {} : { module }), reason };
}
