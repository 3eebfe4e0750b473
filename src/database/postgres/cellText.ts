/** Cells as the server reads and writes them, and the SQL that compares them by type and bytes. Pure. */

import { quote } from '../../sql/quote.ts';
import type { Cell, ColumnFacts } from '../database.ts';
import type { ColumnEntry } from './catalogue.ts';

type Kind = ColumnFacts['kind'];

/** Makes a cell of what the server wrote. */
export function cellOf(text: string | null, kind: Kind): Cell {
  if (text === null) return null;
  if (kind === 'integer') return BigInt(text);
  return kind === 'bytes' ? Buffer.from(text.slice(2), 'hex') : text;
}

/** Makes a parameter of a cell. */
export function textOf(cell: Cell): string | null {
  if (cell === null) return null;
  return cell instanceof Uint8Array ? `\\x${Buffer.from(cell).toString('hex')}` : String(cell);
}

/** The type of a parameter of this kind. */
export function parameterType(kind: Kind): string {
  if (kind === 'integer') return 'bigint';
  return kind === 'bytes' ? 'bytea' : 'text';
}

/** Whether a cell could be in a column of this kind at all: the server has no text with a NUL. */
export function couldHold(cell: Cell, kind: Kind): boolean {
  if (cell === null) return true;
  if (typeof cell === 'bigint') return kind === 'integer' && BigInt.asIntN(64, cell) === cell;
  if (typeof cell !== 'string') return kind === 'bytes';
  return (kind === 'text' || kind === 'other') && cell.isWellFormed() && !cell.includes('\0');
}

/** SQL that is true for a cell of exactly these bytes. */
export function isExactly(column: ColumnEntry, value: string): string {
  return `${exactOf(column)} IS NOT DISTINCT FROM ${value}`;
}

/** SQL that yields a cell so that it is compared by its bytes. */
function exactOf({ facts: { name, kind }, type }: ColumnEntry): string {
  const cell = `t.${quote(name)}`;
  if (kind === 'integer') return `${cell}::bigint`;
  if (kind === 'bytes') return cell;
  const isPlain = type === 'text' || type === 'character varying';
  if (isPlain) return `${cell}::text COLLATE "C"`;
  // A cast would drop spaces at the end of char(n), and write a boolean as another text.
  return `(CASE WHEN ${cell} IS NULL THEN NULL ELSE pg_catalog.concat(${cell}) END) COLLATE "C"`;
}

/** SQL that is true for the row of a key: by its index, then by its bytes. */
export function isKey(column: ColumnEntry, collation: string, value: string): string {
  const name = `t.${quote(column.facts.name)}`;
  const byIndex = `${name} = ${value}::${column.type} ${collation}`.trim();
  return column.facts.kind === 'text' ? `${byIndex} AND ${isExactly(column, value)}` : byIndex;
}
