/** A schema that a load makes for itself: its name, whether it may be made, and what is found in it. */

import { Failure } from '../../outcome/failure.ts';
import type { Connection } from '../../postgres/connect.ts';
import { quote, quoteText } from '../../sql/quote.ts';
import type { TableForm } from '../tableForm.ts';
import { blobProblems, type LoadInto, type LoadState } from '../target.ts';
import { columnType } from './columnTypes.ts';
import { copyFormat } from './copyText.ts';
import { collision, createLedger, createTable, identifier, LEDGER, tableIn } from './ddl.ts';
import { finishSteps, wantedConstraints } from './finish.ts';
import { beginStatement, readLedger } from './ledger.ts';
import { nulCheck } from './nulCheck.ts';
import { MAX_BLOB, type Place } from './writePlace.ts';

const DEFAULT_NAME = 'sealift';
export const DIGITS = 8;

/** Returns the name of the schema of a load: a name, and the first digits of the seal id. */
export function ownSchema({ name, seal }: Pick<LoadInto, 'name' | 'seal'>): string {
  return `${name ?? DEFAULT_NAME}__${seal.sealId.slice(0, DIGITS)}`;
}

/** Looks at the schema of a load. @throws Failure TARGET or USAGE */
export async function placeOwn(connection: Connection, load: LoadInto): Promise<Place> {
  const { tables, seal, without, outside } = load;
  assertNames(tables);
  const schema = ownSchema(load);
  const constraints = wantedConstraints(schema, tables, without);
  assertKnown(schema, load);
  const state = await findOwnSchema(connection, schema, load);
  const formOf = new Map(tables.map((table) => [table.module, table]));
  const make = [createLedger(schema), ...tables.map((table) => createTable(schema, table))];
  return {
    schema,
    state,
    ddl: [
      `CREATE SCHEMA ${quote(schema)}`,
      ...make,
      ...constraints.map(({ sql }) => sql),
      `ANALYZE ${tables.map(({ module }) => tableIn(schema, module)).join(', ')}`,
    ],
    notes: notesOf(load),
    problems: blobProblems(load.largestBlobs, MAX_BLOB),
    passes: new Map(
      state.kind === 'new' ? [...load.nulModules].map((module) => [module, nulCheck(module)]) : [],
    ),
    order: tables.map(({ module }) => module),
    table: (module) => tableIn(schema, module),
    format(module) {
      const form = formOf.get(module);
      if (form === undefined) throw new TypeError(`${module} is not loaded`);
      const columns = form.columns.map((column) => {
        const name = quote(identifier(column.name));
        return { form: column, encoding: columnType(column).encoding, column: name };
      });
      return copyFormat(columns, form.unwritten);
    },
    isOneBatch: () => false,
    before: () => 0,
    beginStatements: async () => [
      `CREATE SCHEMA IF NOT EXISTS ${quote(schema)}`,
      ...make,
      beginStatement(schema, seal, new Map()),
    ],
    finishSteps: () => finishSteps(connection, schema, tables, constraints, outside.signal),
  };
}

function notesOf({ tables, without }: LoadInto): string[] {
  const references = tables.flatMap(({ module, unenforced }) => {
    return unenforced.map((reference) => `no foreign key for ${module} · ${reference}`);
  });
  return [...references, ...without.map((name) => `left out: constraint ${name}`)];
}

/** @throws Failure USAGE if a constraint that is to be left out is none of the load */
function assertKnown(schema: string, { tables, without }: LoadInto): void {
  const all = new Set(wantedConstraints(schema, tables, []).map(({ name }) => name));
  const wrong = without.find((name) => !all.has(name));
  if (wrong === undefined) return;
  throw new Failure('USAGE', {
    what: `the load makes no constraint ${JSON.stringify(wrong)}`,
    where: '--without',
    hint: 'see the statements that the same command with --dry-run shows',
  });
}

/** @throws Failure TARGET if names are equal once the server has cut them */
function assertNames(tables: readonly TableForm[]): void {
  const modules = collision([LEDGER, ...tables.map(({ module }) => module)]);
  if (modules !== null) throw equalNames('modules', modules);
  for (const { module, columns } of tables) {
    const fields = collision(columns.map(({ name }) => name));
    if (fields !== null) throw equalNames(`module ${module}`, fields);
  }
}

function equalNames(where: string, [one, other]: readonly [string, string]): Failure {
  return new Failure('TARGET', {
    what: `the names ${JSON.stringify(one)} and ${JSON.stringify(other)} are equal in their first 63 bytes, and PostgreSQL keeps no more`,
    where,
    hint: 'give one of them a shorter name in the mapping',
  });
}

/** Returns what a load of this seal finds in its schema. @throws Failure TARGET if it may not be made */
async function findOwnSchema(
  connection: Connection,
  schema: string,
  { seal, tables }: LoadInto,
): Promise<LoadState> {
  const name = quoteText(schema);
  const where = `${connection.label}, schema ${JSON.stringify(schema)}`;
  const [[exists, mayCreate, mayUse, relations] = []] = await connection.query(
    `SELECT n.oid IS NOT NULL,
        CASE WHEN n.oid IS NULL
          THEN has_database_privilege(current_database(), 'CREATE')
          ELSE has_schema_privilege(n.oid, 'CREATE') END,
        n.oid IS NULL OR has_schema_privilege(n.oid, 'USAGE'),
        (SELECT count(*) FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid)
      FROM (SELECT 1) one LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = ${name}`,
  );
  if (mayUse !== 't' || mayCreate !== 't') throw notAllowed(exists === 't', where);
  const ledger = exists === 't' ? await readLedger(connection, schema, seal.sealId) : null;
  if (ledger === null) {
    if (Number(relations) === 0) return { kind: 'new' };
    throw new Failure('TARGET', {
      what: 'the schema is there already, and no load has made it',
      where,
      hint: 'choose another name with --schema, or fill the tables that are there with --into',
    });
  }
  if (ledger.own === null) {
    throw new Failure('TARGET', {
      what: `the schema holds the load of another seal, ${ledger.others.join(', ')}`,
      where,
      hint: 'choose another name with --schema',
    });
  }
  if (ledger.own.kind === 'begun')
    await assertOwnRows(connection, where, schema, tables, ledger.own);
  return ledger.own;
}

function notAllowed(exists: boolean, where: string): Failure {
  return new Failure('TARGET', {
    what: exists
      ? 'the user may not make tables in this schema'
      : 'the user may not make a schema in this database',
    where,
    hint: exists
      ? 'grant it CREATE and USAGE on the schema'
      : 'grant it CREATE on the database, or create the schema for it, empty',
  });
}

/** Refuses tables that have rows although the load has not come to them. */
async function assertOwnRows(
  connection: Connection,
  where: string,
  schema: string,
  tables: readonly TableForm[],
  { progress }: Extract<LoadState, { readonly kind: 'begun' }>,
): Promise<void> {
  for (const { module } of tables) {
    if (progress.has(module)) continue;
    if (!(await hasRows(connection, tableIn(schema, module), module))) continue;
    throw new Failure('TARGET', {
      what: `table ${JSON.stringify(module)} has rows, and the load has not come to it`,
      where,
      hint: 'find out what wrote them; drop the schema, or choose another name with --schema, to load anew',
    });
  }
}

/** Returns the number of rows of a table (quoted, with its schema), as the server counts them. */
export async function countRows(
  connection: Connection,
  table: string,
  module: string,
): Promise<number> {
  const sql = `SELECT pg_catalog.count(*) FROM ${table}`;
  const [[rows] = []] = await connection.query(sql, module);
  return Number(rows);
}

/** Returns whether a table (quoted, with its schema) has a row. */
export async function hasRows(
  connection: Connection,
  table: string,
  module: string,
): Promise<boolean> {
  const [[found] = []] = await connection.query(`SELECT EXISTS (SELECT FROM ${table})`, module);
  return found === 't';
}
