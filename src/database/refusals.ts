/**
 * What every adapter refuses, in the same words: a table or a column that is missing, a key that names
 * more than one row, a change that a column cannot take. Pure.
 */

import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { didYouMean } from '../outcome/nearest.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { isExact, shownKey } from './cells.ts';
import type { Cell, Change, ColumnFacts, RowKey } from './database.ts';

/** Makes a Failure TARGET. */
export function refused(what: string, where: string, hint: string, cause?: unknown): Failure {
  return new Failure('TARGET', { what, where, hint, ...(cause === undefined ? {} : { cause }) });
}

export function noTable(where: string, name: string, known: Iterable<string>): Failure {
  const what = `the database has no table ${quoteName(name)}`;
  return refused(what, where, didYouMean(name, known, 'check the mapping against the database'));
}

export function noTableButView(where: string, name: string, kind: string): Failure {
  const what = `${quoteName(name)} is ${kind}, whose rows are not its own`;
  return refused(what, where, 'name the table that holds the rows');
}

export function noColumn(where: string, name: string, known: Iterable<string>): Failure {
  const what = `the table has no column ${quoteName(name)}`;
  return refused(what, where, didYouMean(name, known, 'check the mapping against the database'));
}

export function noUniqueKey(where: string, key: readonly string[]): Failure {
  const columns = key.map((name) => quoteName(name)).join(', ');
  const what = `${counted(key.length, 'column')} of the key (${columns}) may name more than one row, as no primary key and no unique constraint is on exactly these`;
  return refused(what, where, 'name the columns of the primary key in the mapping');
}

export function nullKey(where: string, columns: readonly string[]): Failure {
  const shown = columns.map((name) => quoteName(name)).join(', ');
  const what = `the key (${shown}) of a row is null, or may be, so that the row has no name`;
  return refused(what, where, 'name the columns of the primary key, or make these NOT NULL');
}

export function rowPlace(label: string, key: RowKey): string {
  return `${label}, row ${shownKey(key)}`;
}

/** @throws Failure TARGET for a column that cannot be changed */
export function assertChangeable(
  label: string,
  facts: ColumnFacts,
  key: readonly string[],
  generated: boolean,
): void {
  const where = `${label}, column ${quoteName(facts.name)}`;
  if (key.includes(facts.name)) {
    throw refused('a column of the key is not changed', where, 'name another column');
  }
  if (generated) {
    const what = 'the database computes this column, so that it cannot be changed';
    throw refused(what, where, 'name the column that it is computed from');
  }
  if (facts.kind !== 'other') return;
  const what = `a column of type ${facts.type} is not changed, as its cells are no plain text, integer or bytes`;
  throw refused(what, where, 'name a column of text');
}

/** @throws Failure TARGET for a cell that its column cannot hold exactly as it is */
export function assertFits(
  label: string,
  { key, set }: Change,
  facts: ReadonlyMap<string, ColumnFacts>,
  isKind: (cell: Cell, facts: ColumnFacts) => boolean,
): void {
  for (const [name, cell] of Object.entries(set)) {
    const column = facts.get(name);
    if (column === undefined) throw new TypeError(`${name} is no column of the request`);
    const problem = problemOf(cell, column, isKind);
    if (problem === null) continue;
    const where = `${rowPlace(label, key)}, column ${quoteName(name)}`;
    throw refused(
      problem,
      where,
      'nothing of this batch was changed; change the column, or what is to go there',
    );
  }
}

function problemOf(
  cell: Cell,
  column: ColumnFacts,
  isKind: (cell: Cell, facts: ColumnFacts) => boolean,
): string | null {
  if (cell === null) return column.nullable ? null : 'the column may not be null';
  if (!isKind(cell, column))
    return `a column of type ${column.type} does not hold this kind of cell`;
  if (!isExact(cell)) return 'the text has half a character (a lone surrogate), which UTF-8 lacks';
  const { maxLength, type } = column;
  if (maxLength === null || typeof cell === 'bigint') return null;
  const length = typeof cell === 'string' ? Array.from(cell).length : cell.length;
  return length <= maxLength
    ? null
    : `${counted(length, typeof cell === 'string' ? 'character' : 'byte')} do not fit into a column of type ${type}`;
}

/** Whether a cell is of the kind of its column; null is of each. */
export function isOfKind(cell: Cell, { kind }: ColumnFacts): boolean {
  if (cell === null) return true;
  if (typeof cell === 'bigint') return kind === 'integer';
  return typeof cell === 'string' ? kind === 'text' : kind === 'bytes';
}
