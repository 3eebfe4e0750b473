/**
 * Plans invariants before they run: the modules that each reads, and whether SQLite can run it over
 * tables of that shape. An invalid invariant fails here, before any record is read.
 */

import { quote } from '../sql/quote.ts';
import Database from 'better-sqlite3';

import { compileModule, type CompiledModule } from './compile/module.ts';
import type { Invariant, Mapping } from './model.ts';
import { Failure } from '../outcome/failure.ts';
import type { FieldType } from '../record/type.ts';
import type { Sql } from '../sql/query.ts';
import { AS_OF, readInvariantSql } from '../sql/allowed.ts';

export interface PlannedInvariant {
  readonly invariant: Invariant;
  /** The module whose records violate the invariant. */
  readonly module: CompiledModule;
  readonly sql: Sql;
  /** The modules that it reads, with the fields of each that are visible to it. */
  readonly tables: ReadonlyMap<string, readonly Column[]>;
  /** Number of columns of its result. */
  readonly width: number;
}

/** A field as SQL sees it. */
export interface Column {
  readonly name: string;
  readonly type: FieldType;
}

/** Whether the field is loaded: bytes are not, nor decimals without a fixed scale. */
function isLoaded({ type }: Column): boolean {
  if (type.kind === 'blob' || type.kind === 'bytes') return false;
  return type.kind !== 'decimal' || type.digits !== undefined;
}

/** Lists all fields that SQL may see, the id included. */
export function columnsOf(module: CompiledModule): Column[] {
  const { idField } = module;
  const loaded = module.fields.filter(isLoaded);
  if (idField === null) return loaded;
  const id: Column = { name: idField, type: { kind: 'uuid' } };
  return [id, ...loaded];
}

/** Returns the name of the table with a module's records. No module has such a name. */
export function tableName(module: string): string {
  return quote(`sealift~${module}`);
}

/**
 * Returns the type of the column in SQLite, which decides how it compares with values of other
 * kinds.
 */
export function sqlType({ type }: Column): string {
  if (type.kind === 'float') return 'REAL';
  return ['integer', 'bigint', 'boolean', 'decimal'].includes(type.kind) ? 'INTEGER' : 'TEXT';
}

/**
 * Plans all invariants of a mapping, by module and in the order of their declaration. @throws
 * Failure MAPPING if one is not a plain query, or does not fit the modules
 */
export function planInvariants(mapping: Mapping): PlannedInvariant[] {
  return mapping.modules.flatMap(({ module, invariants = [] }) =>
    invariants.map((invariant) => plan(mapping, compileModule(mapping, module), invariant)),
  );
}

function plan(mapping: Mapping, module: CompiledModule, invariant: Invariant): PlannedInvariant {
  const fail = (what: string, hint: string): Failure =>
    new Failure('MAPPING', {
      what: `invariant ${JSON.stringify(invariant.id)} cannot be run: ${what}`,
      where: `mapping/modules/${module.name}.json`,
      hint,
    });
  const sql = readInvariantSql(invariant.sql);
  if ('refused' in sql) throw fail(sql.refused, 'write one SELECT over the modules that it names');
  if (sql.hasParameter && mapping.project.asOf === undefined) {
    throw fail(
      'the project has no date',
      `add "asOf" to mapping/project.json, or leave ${AS_OF} out`,
    );
  }
  const tables = new Map<string, readonly Column[]>();
  for (const name of invariant.modules) {
    const columns = columnsOf(compileModule(mapping, name));
    const seen = columns.filter((field) => sql.readsAll || sql.names.has(field.name.toLowerCase()));
    const twin = twinOf(seen);
    if (twin !== null) {
      throw fail(
        `module ${name} has fields that differ only by case`,
        'SQL cannot tell them apart',
      );
    }
    tables.set(name, seen);
  }
  const width = prepared(sql.query, tables, fail);
  const { orderFields } = module;
  if (width < orderFields.length) {
    const what = `its result has ${width} columns, fewer than the key of module ${module.name}`;
    throw fail(what, `select ${orderFields.join(', ')} first`);
  }
  return { invariant, module, sql, tables, width };
}

function twinOf(fields: readonly Column[]): Column | null {
  const seen = new Set<string>();
  for (const field of fields) {
    const lower = field.name.toLowerCase();
    if (seen.has(lower)) return field;
    seen.add(lower);
  }
  return null;
}

/** Counts the result columns of a query over empty tables. */
function prepared(
  query: string,
  tables: PlannedInvariant['tables'],
  fail: (what: string, hint: string) => Failure,
): number {
  const db = new Database(':memory:');
  try {
    for (const [name, fields] of tables) {
      const columns = fields.map((field) => `${quote(field.name)} ${sqlType(field)}`);
      // A module with no field in the query can still be counted.
      db.exec(`CREATE TABLE ${quote(name)} (${columns.join(', ') || '"sealift~none"'})`);
    }
    const statement = db.prepare(query);
    if (!statement.reader || !statement.readonly) {
      throw fail('it is not a query', 'write one SELECT that changes nothing');
    }
    return statement.columns().length;
  } catch (error) {
    if (!(error instanceof Database.SqliteError || error instanceof RangeError)) throw error;
    // The tables are empty: the error can only be about the mapping's own text.
    throw fail(error.message, 'use the names of fields and modules in the mapping');
  } finally {
    db.close();
  }
}
