/**
 * Reports rows that are in no module. Each module accounts for the rows that it leaves out, but not
 * for whether another module takes them. So this counts, table by table, the rows that the
 * conditions of all modules leave out, and the rows with a cell that is left out because the
 * modules that map its column leave out the row. External modules take no rows, as their records
 * are not in the candidate.
 */

import { ROWS_PER_RANGE } from '../../run/rowsPerRange.ts';
import { compileModule, type CompiledModule } from '../../mapping/compile/module.ts';
import { columnsOfField, type Mapping } from '../../mapping/model.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { takers } from '../../mapping/takers.ts';
import { severityOf } from '../../mapping/severity.ts';
import type { Finding } from '../../outcome/finding.ts';
import type { Rule } from '../../outcome/rules.ts';
import { compareNames } from '../../source/nameOrder.ts';
import type { BuiltModule } from '../buildModule.ts';
import type { PassContext } from './keyPass.ts';
import {
  COUNT_LEFT_OUT,
  type LeftOut,
  type LeftOutInput,
  type OddCells,
  type SharedColumns,
} from '../calls.ts';
import type { RowSelection } from './rowSelection.ts';

/** Columns that some modules of a table map and others drop. */
interface PartOfRows extends SharedColumns {
  /** The smallest number of rows that one of the modules leaves out. */
  readonly atMost: number;
}

/** A table with all modules that read it or account for it. */
interface Readers {
  readonly table: string;
  readonly modules: readonly CompiledModule[];
  /** Number of rows of the table, and the smallest number that one of the modules leaves out. */
  readonly rows: number;
  readonly atMost: number;
  readonly parts: readonly PartOfRows[];
}

/** Maximum number of columns in a message. */
const LISTED = 5;

/**
 * Makes the findings `filtered-row` and `filtered-kind`, keyed by the first module that reads the
 * table. Reads only tables of which every module, or every module that maps some column, has left
 * out rows.
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

/** Lists tables of which every module, or every module that maps some column, left out rows. */
function tablesWithGaps(
  built: readonly Pick<BuiltModule, 'accounting'>[],
  mapping: Mapping,
): Readers[] {
  const tables = Map.groupBy(built, ({ accounting: { source, table } }) =>
    JSON.stringify([source, table]),
  );
  return [...tables.entries()]
    .sort(([a], [b]) => compareNames(a, b))
    .map(([, all]) => {
      const readers = takers(all, ({ accounting }) => accounting.module, mapping);
      const [first] = readers;
      const modules = readers.map(({ accounting }) => compileModule(mapping, accounting.module));
      const filtered = readers.map(({ accounting }) => accounting.filtered);
      return {
        table: first?.accounting.table ?? '',
        modules,
        rows: first?.accounting.rows ?? 0,
        atMost: Math.min(...filtered),
        parts: partsOf(modules, filtered),
      };
    })
    .filter(({ atMost, parts }) => atMost > 0 || parts.length > 0);
}

/**
 * Groups columns that may be missing for rows which some module takes, by the modules that do not
 * drop them. A module of a table maps all columns that it does not drop; a query may rename them.
 */
function partsOf(modules: readonly CompiledModule[], filtered: readonly number[]): PartOfRows[] {
  const mapped = modules.map(
    ({ mapping: { key, fields, dropped = {} } }) =>
      new Set(
        [...key.map(({ column }) => column), ...Object.values(fields).flatMap(columnsOfField)]
          // A result column of a query may have the name of a dropped column.
          .filter((column) => !Object.hasOwn(dropped, column)),
      ),
  );
  const dropped = new Set(modules.flatMap(({ mapping }) => Object.keys(mapping.dropped ?? {})));
  const parts = new Map<string, { columns: string[]; modules: number[]; atMost: number }>();
  for (const column of [...dropped].sort(compareNames)) {
    if (!mapped.some((columns) => columns.has(column))) continue;
    const keeping = [...modules.keys()].filter((index) => {
      return !Object.hasOwn(modules[index]?.mapping.dropped ?? {}, column);
    });
    const atMost = Math.min(...keeping.map((index) => filtered[index] ?? 0));
    if (atMost === 0) continue;
    const part = parts.get(keeping.join()) ?? { columns: [], modules: keeping, atMost };
    part.columns.push(column);
    parts.set(keeping.join(), part);
  }
  return [...parts.values()];
}

/** Counts in one pass over the columns that conditions and parts use. */
async function count(
  { table, modules, parts }: Readers,
  selection: RowSelection,
  { pool, sourceOf, progress }: PassContext,
): Promise<LeftOut> {
  const [first] = modules;
  if (first === undefined) throw new Error(`no module reads table ${table}`);
  const ranges = await sourceOf(first).plan(table, ROWS_PER_RANGE);
  const input: LeftOutInput = {
    modules: modules.map(({ name }) => name),
    parts: parts.map(({ columns, modules: indexes }) => ({ columns, modules: indexes })),
    selection,
    ranges,
    next: new SharedArrayBuffer(4),
  };
  progress.begin(`rows in no module of ${table}`, 0);
  try {
    const workers = Math.max(1, Math.min(pool.size, ranges.length));
    const calls = Array.from({ length: workers }, () => pool.call(COUNT_LEFT_OUT, input));
    await Promise.allSettled(calls);
    return sumLeftOut(await Promise.all(calls));
  } finally {
    progress.end();
  }
}

/** Makes the findings of a table; `found` is null if a query hides which rows are left out. */
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
  const inPart = partly(readers, found, mapping);
  if (rest === 0) return [...odd, ...inPart];
  const number = found === null && readers.modules.length > 1 ? `up to ${rest}` : `${rest}`;
  const reason = `in no module: ${number} of ${rows} rows of table ${table}, which the mapping filters`;
  return [...odd, finding('filtered-row', reason, readers, mapping), ...inPart];
}

/** Reports rows with values in columns that no module maps which takes the row. */
function partly(readers: Readers, found: LeftOut | null, mapping: Mapping): Finding[] {
  return readers.parts.flatMap(({ columns, modules: indexes, atMost }, at) => {
    const number = found === null ? `up to ${atMost}` : `${found.parts[at] ?? 0}`;
    if (number === '0') return [];
    const names = columns.slice(0, LISTED).map(quoteName).join(', ');
    const more = columns.length > LISTED ? ` and ${columns.length - LISTED} more` : '';
    const which = `${columns.length === 1 ? 'column' : 'columns'} ${names}${more}`;
    const of = `${number} of ${readers.rows} rows of table ${quoteName(readers.table)}`;
    const reason = `in no module with ${which}: ${of}, which the mapping filters`;
    const modules = readers.modules.filter((_, index) => indexes.includes(index));
    return [finding('filtered-row', reason, { modules }, mapping)];
  });
}

function oddly({ nulls, others }: LeftOut['odd'][number]): string {
  if (others === 0) return `is null in ${nulls} of them`;
  if (nulls === 0) return `is of another kind than the condition's values in ${others} of them`;
  return `is null in ${nulls} of them, and of another kind than the condition's values in ${others}`;
}

function finding(
  rule: Rule,
  reason: string,
  { modules }: Pick<Readers, 'modules'>,
  mapping: Mapping,
): Finding {
  // Rows that several modules leave out together belong to no single module.
  const [only, ...others] = modules;
  const module = others.length === 0 ? only?.name : undefined;
  const severity = severityOf(mapping.project, rule, module ?? '');
  return { rule, severity, ...(module === undefined ? {} : { module }), reason };
}

/** Adds up the counts of several workers. */
function sumLeftOut(parts: readonly LeftOut[]): LeftOut {
  const odd = new Map<string, OddCells>();
  for (const { column, nulls, others } of parts.flatMap((part) => part.odd)) {
    const known = odd.get(column) ?? { column, nulls: 0, others: 0 };
    known.nulls += nulls;
    known.others += others;
    odd.set(column, known);
  }
  return {
    rows: parts.reduce((sum, part) => sum + part.rows, 0),
    odd: [...odd.values()].sort((a, b) => compareNames(a.column, b.column)),
    parts: (parts[0]?.parts ?? []).map((_, index) =>
      parts.reduce((sum, part) => sum + (part.parts[index] ?? 0), 0),
    ),
  };
}
