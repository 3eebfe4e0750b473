/**
 * Sweeps every column of a database for ciphertexts that are not declared: by the form of a value, of a
 * text inside of JSON, or because a key opens it. Prose that only begins like one is none.
 */

import { ENVELOPE_PREFIX } from '../crypto/classify.ts';
import { openCbc2 } from '../crypto/cbc2.ts';
import type { EncryptionKey } from '../crypto/encryptionKey.ts';
import { openGcm3 } from '../crypto/gcm3.ts';
import type { Database, ListedTable, RowKey } from '../database/database.ts';
import type { OpenColumn } from '../project/openKeys.ts';
import { formOfValue, isCbc2, isGcm3, type FoundForm } from './envelopeForm.ts';
import { KEYS_LOG } from './logLine.ts';
import { textOf } from './rowPlace.ts';

export interface SweepWork {
  readonly database: Database;
  readonly columns: readonly OpenColumn[];
  readonly keys: readonly EncryptionKey[];
  readonly stopping: AbortSignal;
  readonly onTable: (tables: number) => void;
}

/** A column that holds ciphertexts and is not declared. */
export interface Undeclared {
  readonly table: string;
  readonly column: string;
  readonly values: number;
  readonly forms: readonly string[];
  /** Key of the first row; null for a table without one. */
  readonly first: RowKey | null;
}

export interface Swept {
  readonly tables: number;
  readonly columns: number;
  readonly values: number;
  readonly undeclared: readonly Undeclared[];
}

/** Sweeps all tables but the log of Sealift itself. */
export async function sweepColumns(work: SweepWork): Promise<Swept> {
  const { database, stopping, onTable } = work;
  const listed = await database.tables();
  const swept = { tables: 0, columns: 0, values: 0, undeclared: [] as Undeclared[] };
  for (const table of listed) {
    if (stopping.aborted) break;
    onTable((swept.tables += 1));
    const columns = undeclaredColumns(table, work.columns);
    if (isLog(table) || columns.length === 0) continue;
    const { values, undeclared } = await sweepTable(table, columns, work);
    swept.columns += columns.length;
    swept.values += values;
    swept.undeclared.push(...undeclared);
  }
  return swept;
}

/** By its name and all of its columns: any other table of this name is swept. */
function isLog({ table, columns }: ListedTable): boolean {
  const names = columns.slice(1).map(({ name }) => name);
  const isNamed = table === KEYS_LOG.name || table.endsWith(`.${KEYS_LOG.name}`);
  return isNamed && names.join() === KEYS_LOG.columns.map(({ name }) => name).join();
}

/** Lists columns that can hold a text and are neither declared nor a blind index. */
function undeclaredColumns(listed: ListedTable, columns: readonly OpenColumn[]): string[] {
  const own = new Set(
    columns
      .filter((column) => isTable(listed, column))
      .flatMap(({ declared }) => [declared.column, declared.blindIndex?.column]),
  );
  const isNumber = new Set(
    listed.columns
      .filter(({ name, kind }) => kind === 'integer' && listed.key.includes(name))
      .map(({ name }) => name),
  );
  return listed.columns
    .map(({ name }) => name)
    .filter((name) => !own.has(name) && !isNumber.has(name));
}

/** Whether a listed table is that of a declared column, which may be written with its schema. */
export function isTable({ table }: ListedTable, { declared, rows }: OpenColumn): boolean {
  return [declared.table, rows.label].includes(table) || rows.label === `public.${table}`;
}

interface Tally {
  values: number;
  readonly forms: Set<string>;
  readonly first: RowKey | null;
}

async function sweepTable(
  table: ListedTable,
  columns: readonly string[],
  { database, keys, stopping }: SweepWork,
): Promise<Pick<Swept, 'values' | 'undeclared'>> {
  const found = new Map<string, Tally>();
  let values = 0;
  for await (const rows of database.scan(table, columns)) {
    if (stopping.aborted) break;
    for (const { key, cells } of rows) {
      for (const [at, cell] of cells.entries()) {
        const text = typeof cell === 'bigint' ? null : (textOf(cell) ?? null);
        if (text === null) continue;
        values += 1;
        const form = foundIn(text, keys);
        if (form === null) continue;
        const name = columns[at] ?? '';
        const first = table.key.length === 0 ? null : key;
        const tally = found.get(name) ?? { values: 0, forms: new Set(), first };
        tally.values += 1;
        tally.forms.add(form);
        found.set(name, tally);
      }
    }
  }
  const undeclared = [...found].map(([column, { values: count, forms, first }]) => {
    return { table: table.table, column, values: count, forms: [...forms].sort(), first };
  });
  return { values, undeclared };
}

/** Tells the form of a ciphertext; null for a text that is none and holds none. */
function foundIn(text: string, keys: readonly EncryptionKey[]): string | null {
  const form = formOfValue(text);
  if (form !== null) return form;
  if (keys.length > 0 && isOpened(text, keys)) return 'opened by a key';
  const inside = formInJson(text);
  return inside === null ? null : `${inside} in JSON`;
}

/** Values without prefix whose form says little: they count only if a key opens them. */
function isOpened(text: string, keys: readonly EncryptionKey[]): boolean {
  if (!text.includes(':')) return false;
  const gcm3 = isGcm3(text);
  if (!gcm3 && !isCbc2(text)) return false;
  const open = gcm3 ? openGcm3 : openCbc2;
  return keys.some((key) => 'text' in open(key, text));
}

const QUOTED = /"((?:enc:v1:|gAAAA)[A-Za-z0-9+/=_.:-]+)"/g;

function formInJson(text: string): FoundForm | null {
  if (!/^\s*[[{]/.test(text)) return null;
  if (!text.includes(`"${ENVELOPE_PREFIX}`) && !text.includes('"gAAAA')) return null;
  for (const [, inside = ''] of text.matchAll(QUOTED)) {
    const form = formOfValue(inside);
    if (form !== null) return form;
  }
  return null;
}
