/** What of a table that is there does not fit the records of a module, whatever they hold. Pure. */

import type { ColumnForm, TableForm } from '../tableForm.ts';
import { formatType } from '../../record/type.ts';
import type { TargetNames } from '../targetNames.ts';
import type { TargetProblem } from '../target.ts';
import { identifier } from './ddl.ts';
import { fitOf, type ColumnFacts, type Fit } from './fit.ts';
import type { SequenceFacts, TableThere } from './tablesThere.ts';

/** A field, and the column that takes it. */
export interface FittedColumn {
  readonly form: ColumnForm;
  /** Name of the column. */
  readonly name: string;
  readonly fit: Fit;
  readonly notNull: boolean;
  readonly sequence: SequenceFacts | null;
}

export interface FittedTable {
  readonly form: TableForm;
  /** Name of the table. */
  readonly name: string;
  readonly columns: readonly FittedColumn[];
}

interface Found {
  readonly problems: readonly TargetProblem[];
  /** Null if there is no such table. */
  readonly table: FittedTable | null;
}

const KINDS: ReadonlyMap<string, string> = new Map([
  ['v', 'a view'],
  ['m', 'a materialised view'],
  ['f', 'a foreign table'],
]);

/** Compares a table with the form of the records. */
export function tableProblems(
  form: TableForm,
  there: TableThere | undefined,
  names: TargetNames,
): Found {
  const { module } = form;
  const nameOf = (field: string): string => identifier(names.column(module, field));
  if (there === undefined) {
    const what =
      'the schema has no such table: make it, or load into a schema of its own without --into';
    return { problems: [{ module, what }], table: null };
  }
  const kind = KINDS.get(there.kind);
  if (kind !== undefined) {
    const what = `${kind} stands in place of the table: rename it, and make a table of this name`;
    return { problems: [{ module, what }], table: null };
  }
  const columns: FittedColumn[] = [];
  const problems: TargetProblem[] = ofTable(module, there);
  for (const field of form.columns) {
    const found = columnFit(field, nameOf(field.name), there);
    if (typeof found === 'string') problems.push({ module, field: field.name, what: found });
    else columns.push(found);
  }
  problems.push(...leftEmpty(form, there, nameOf));
  return { problems, table: { form, name: there.name, columns } };
}

function ofTable(module: string, there: TableThere): TargetProblem[] {
  const problems: string[] = [];
  if (there.isPartition) {
    problems.push(
      'the table is a partition of another: load into that one, under the name of the module',
    );
  }
  if (!there.mayWrite) {
    problems.push('the user may not read and write the table: grant it SELECT and INSERT there');
  }
  if (there.hidesRows) {
    problems.push(
      'row security applies to the user: load as the owner or a role with BYPASSRLS, or turn it off',
    );
  }
  if (there.triggers.length > 0) {
    const names = there.triggers.map((name) => JSON.stringify(name)).join(', ');
    problems.push(
      `triggers would run for each row (${names}): turn them off for the load with ALTER TABLE … DISABLE TRIGGER`,
    );
  }
  return problems.map((what) => ({ module, what }));
}

/** Returns how a field fits, or what is wrong. */
function columnFit(form: ColumnForm, name: string, there: TableThere): FittedColumn | string {
  const column = there.columns.find((one) => one.name === name);
  if (column === undefined) return 'the table has no such column: add it';
  if (column.generated) return 'the column is computed from others: drop its expression';
  const fit = fitOf(form, column);
  if (fit === null) {
    return `a column of type ${column.type} does not return every value of ${formatType(form.type)}: ${wanted(column)}`;
  }
  const sequence = there.sequences.get(name) ?? null;
  if (sequence !== null && !sequence.mayUpdate) {
    return 'the user may not set the sequence of the column: grant it UPDATE on the sequence';
  }
  return { form, name, fit, notNull: column.notNull && form.nullable, sequence };
}

function wanted({ labels }: ColumnFacts): string {
  return labels === null
    ? 'change it to one that docs/targets.md names'
    : 'add the missing labels to the type, or change it to one that docs/targets.md names';
}

/** Columns that get no value although they need one. */
function leftEmpty(
  { module, columns }: TableForm,
  there: TableThere,
  nameOf: (field: string) => string,
): TargetProblem[] {
  const filled = new Set(columns.map(({ name }) => nameOf(name)));
  return there.columns.flatMap(({ name, notNull, hasDefault, generated }) => {
    if (filled.has(name) || !notNull || hasDefault || generated) return [];
    const what = `column ${JSON.stringify(name)} may not be null, and no field fills it: give it a default, or allow null`;
    return [{ module, what }];
  });
}
