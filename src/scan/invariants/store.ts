/**
 * Stores the records that invariants read in a private SQLite file: a table for each module, with
 * the fields that any of them names. A decimal(s) is an integer scaled by 10^s. A value that does
 * not fit becomes null, and invariants that read its field cannot run.
 */

import { quote } from '../../sql/quote.ts';
import { closeSync } from 'node:fs';

import Database from 'better-sqlite3';

import { createFile } from '../../disk/durable.ts';

import { canonicalJson } from '../../record/canonical.ts';
import type { FieldType } from '../../record/type.ts';
import { memberOf } from '../../seal/candidateReader.ts';
import {
  type Column,
  columnsOf,
  sqlType,
  tableName,
  type PlannedInvariant,
} from '../../mapping/invariantPlan.ts';
import { referencesOf } from '../referencesOf.ts';
import { failedFieldsOf, moduleOf, type ScannedRecord, type Scope } from '../scope.ts';

export interface StoredModule {
  /** Reasons why fields could not be loaded, by field. */
  readonly broken: Map<string, string>;
  /** Sets of failed fields; a record's column `failed` is the number of its set, 0 for none. */
  readonly failures: Map<string, { readonly number: number; readonly fields: ReadonlySet<string> }>;
}

/** Loads every module that a planned invariant needs into a new file at `path`. */
export async function storeModules(
  scope: Scope,
  invariants: readonly PlannedInvariant[],
  path: string,
): Promise<Map<string, StoredModule>> {
  closeSync(createFile(path));
  const db = new Database(path, { fileMustExist: true });
  const stored = new Map<string, StoredModule>();
  try {
    db.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16000');
    for (const [name, fields] of neededFields(scope, invariants)) {
      stored.set(name, await storeModule(scope, db, name, fields));
    }
    db.exec('PRAGMA analysis_limit = 1000; ANALYZE');
  } finally {
    db.close();
  }
  return stored;
}

function neededFields(
  scope: Scope,
  invariants: readonly PlannedInvariant[],
): Map<string, readonly Column[]> {
  const names = new Map<string, Set<string>>();
  const need = (module: string, fields: Iterable<string>): void => {
    const set = names.get(module) ?? new Set();
    for (const field of fields) set.add(field);
    names.set(module, set);
  };
  for (const { module, tables } of invariants) {
    need(module.name, module.orderFields);
    for (const [name, fields] of tables)
      need(
        name,
        fields.map((field) => field.name),
      );
  }
  for (const name of names.keys()) {
    for (const { fields, target } of referencesOf(scope, moduleOf(scope, name))) {
      if (!names.has(target.module)) continue;
      need(name, fields);
      need(target.module, target.fields);
    }
  }
  return new Map(
    [...names].map(([name, set]) => [
      name,
      columnsOf(moduleOf(scope, name)).filter((field) => set.has(field.name)),
    ]),
  );
}

async function storeModule(
  scope: Scope,
  db: Database.Database,
  name: string,
  fields: readonly Column[],
): Promise<StoredModule> {
  const stored: StoredModule = { broken: new Map(), failures: new Map() };
  const columns = fields.map((field) => `, ${quote(field.name)} ${sqlType(field)}`).join('');
  const table = tableName(name);
  db.exec(`CREATE TABLE ${table}
    ("sealift~ordinal" INTEGER PRIMARY KEY, "sealift~failed" INTEGER NOT NULL${columns})`);
  const insert = db.prepare(`INSERT INTO ${table} VALUES (?, ?${', ?'.repeat(fields.length)})`);
  for await (const { first, records } of scope.files.records(name, 'invariants')) {
    db.exec('BEGIN');
    for (const [index, record] of records.entries()) {
      if (record === null) continue;
      const cells = fields.map(({ name: field, type }) => {
        const cell = sqlValue(memberOf(record, field), type);
        if (!(cell instanceof Unfit)) return cell;
        stored.broken.set(field, cell.reason);
        return null;
      });
      insert.run(
        first + index,
        failureNumber(scope, stored, name, { ordinal: first + index, record }),
        ...cells,
      );
    }
    db.exec('COMMIT');
  }
  for (const [number, list] of indexesOf(scope, name, fields).entries()) {
    const names = list.map(quote).join(', ');
    db.exec(`CREATE INDEX ${quote(`sealift~${name}~${number}`)} ON ${table} (${names})`);
  }
  return stored;
}

function failureNumber(
  scope: Scope,
  stored: StoredModule,
  name: string,
  scanned: ScannedRecord,
): number {
  const fields = failedFieldsOf(scope, name, scanned);
  if (fields.size === 0) return 0;
  const id = JSON.stringify([...fields].sort());
  const known = stored.failures.get(id)?.number ?? stored.failures.size + 1;
  stored.failures.set(id, { number: known, fields: new Set(fields) });
  return known;
}

/** Returns the fields to index: keys, references, and the fields that these refer to. */
function indexesOf(scope: Scope, name: string, fields: readonly Column[]): string[][] {
  const loaded = new Set(fields.map((field) => field.name));
  const lists: (readonly string[])[] = [moduleOf(scope, name).orderFields];
  for (const module of scope.modules.values()) {
    for (const reference of referencesOf(scope, module)) {
      if (module.name === name && !reference.nested) lists.push(reference.fields);
      if (reference.target.module === name) lists.push(reference.target.fields);
    }
  }
  const usable = lists.filter((list) => list.every((field) => loaded.has(field)));
  return [...new Map(usable.map((list) => [JSON.stringify(list), [...list]])).values()];
}

class Unfit {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

const NOT_ITS_TYPE = new Unfit('holds a value that is not of its type');
const TOO_LARGE = new Unfit('holds a value beyond 64 bits');
const MAX = 2n ** 63n;

function sqlValue(value: unknown, type: FieldType): null | number | bigint | string | Unfit {
  if (value === null) return null;
  switch (type.kind) {
    case 'integer':
    case 'float':
      return typeof value === 'number' ? value : NOT_ITS_TYPE;
    case 'boolean':
      return typeof value === 'boolean' ? Number(value) : NOT_ITS_TYPE;
    case 'bigint':
      return scaledInteger(value, 0);
    case 'decimal':
      return scaledInteger(value, type.digits ?? 0);
    case 'json':
    case 'array':
    case 'tagged':
      return canonicalJson(value);
    default:
      return typeof value === 'string' ? value : NOT_ITS_TYPE;
  }
}

function scaledInteger(value: unknown, digits: number): bigint | Unfit {
  if (typeof value !== 'string') return NOT_ITS_TYPE;
  const [, whole, fraction = ''] = /^(-?\d+)(?:\.(\d+))?$/.exec(value) ?? [];
  if (whole === undefined || fraction.length !== digits) return NOT_ITS_TYPE;
  // BigInt takes quadratic time in the number of digits.
  if (whole.length + digits > 40) return TOO_LARGE;
  const integer = BigInt(whole + fraction);
  return integer >= -MAX && integer < MAX ? integer : TOO_LARGE;
}
