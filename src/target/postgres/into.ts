/**
 * Tables that are there, filled by a load. All that does not fit is found before the first row is
 * written, and all at once; what is narrower than its field is compared with every record.
 */

import { Failure } from '../../outcome/failure.ts';
import type { Connection } from '../../postgres/connect.ts';
import { quote } from '../../sql/quote.ts';
import {
  blobProblems,
  type FinishStep,
  type LoadInto,
  type LoadState,
  type RecordCheck,
  type TargetProblem,
} from '../target.ts';
import { copyFormat, type CopyFormat } from './copyText.ts';
import { createLedger, identifier, LEDGER, tableIn } from './ddl.ts';
import { analyzeStep } from './finish.ts';
import { beginStatement, readLedger, type Ledger } from './ledger.ts';
import { loadOrder } from './loadOrder.ts';
import { allOf, nulCheck } from './nulCheck.ts';
import { countRows, hasRows } from './ownSchema.ts';
import { MAX_BLOB, type Place } from './writePlace.ts';
import { recordCheck } from './recordCheck.ts';
import { tableProblems, type FittedTable } from './tableProblems.ts';
import { readSchema, type SchemaThere } from './tablesThere.ts';

const NEW: LoadState = { kind: 'new' };

/** Looks at the tables of a schema. @throws Failure TARGET if there is no such schema, or no access to it */
export async function placeInto(
  connection: Connection,
  schema: string,
  load: LoadInto,
): Promise<Place> {
  const there = await readSchema(connection, schema);
  const ledger = there.mayUse ? await readLedger(connection, schema, load.seal.sealId) : null;
  assertSchema(there, ledger, `${connection.label}, schema ${JSON.stringify(schema)}`);
  const state = ledger?.own ?? NEW;
  const { names } = load;
  const table = (module: string): string => tableIn(schema, names.table(module));
  const fitted = new Map<string, FittedTable>();
  const problems = blobProblems(load.largestBlobs, MAX_BLOB);
  for (const form of load.tables) {
    const found = tableProblems(
      form,
      there.tables.get(identifier(names.table(form.module))),
      names,
    );
    problems.push(...found.problems);
    if (found.table !== null) fitted.set(form.module, found.table);
  }
  if (problems.length === 0 && state.kind !== 'complete') {
    problems.push(...(await rowProblems(connection, table, load, ledger)));
  }
  const { order, oneBatch, cycle } = loadOrder(load.tables, there, names);
  problems.push(...cycle);
  const rowsBefore = new Map(ledger?.before);
  const tableNames = load.tables.map(({ module }) => table(module));
  return {
    schema,
    state,
    ddl: [
      createLedger(schema),
      ...[...fitted.values()].flatMap((one) => sequenceStatements(schema, one)),
    ],
    notes: [],
    problems,
    // Rows of a load that was begun have passed.
    passes: state.kind === 'new' ? passesOf(fitted, load) : new Map(),
    order,
    table,
    format: (module) => formatOf(fitted.get(module)),
    isOneBatch: (module) => oneBatch.has(module),
    before: (module) => rowsBefore.get(module) ?? 0,
    async beginStatements() {
      for (const { module } of load.tables) {
        rowsBefore.set(module, await countRows(connection, table(module), module));
      }
      return [createLedger(schema), beginStatement(schema, load.seal, rowsBefore)];
    },
    finishSteps: async () => [
      ...[...fitted].flatMap(([, one]) => sequenceSteps(connection, schema, one)),
      analyzeStep(connection, tableNames),
    ],
  };
}

function passesOf(
  fitted: ReadonlyMap<string, FittedTable>,
  { nulModules }: LoadInto,
): ReadonlyMap<string, RecordCheck> {
  return new Map(
    [...fitted].flatMap(([module, table]) => {
      const fit = recordCheck(module, table);
      const checks = [fit ?? [], nulModules.has(module) ? nulCheck(module) : []].flat();
      return checks.length === 0 ? [] : [[module, allOf(checks)] as const];
    }),
  );
}

function assertSchema(there: SchemaThere, ledger: Ledger | null, where: string): void {
  const refuse = (what: string, hint: string): Failure => {
    return new Failure('TARGET', { what, where, hint });
  };
  if (!there.exists) throw refuse('the database has no such schema', 'check the name after --into');
  if (!there.mayUse) {
    throw refuse('the user may not use this schema', 'grant it USAGE on the schema');
  }
  if (ledger === null && !there.mayCreate) {
    const hint = `grant it CREATE on the schema, or create the table ${LEDGER} there as docs/targets.md shows`;
    throw refuse(`the user may not make the table ${LEDGER} in this schema`, hint);
  }
}

/** Rows that this load has not written, where it was not told that there may be some. */
async function rowProblems(
  connection: Connection,
  table: (module: string) => string,
  { tables, allowRows }: LoadInto,
  ledger: Ledger | null,
): Promise<TargetProblem[]> {
  const state = ledger?.own ?? NEW;
  const problems: TargetProblem[] = [];
  for (const { module } of tables) {
    if (state.kind === 'new') {
      if (allowRows || !(await hasRows(connection, table(module), module))) continue;
      const what = 'the table has rows already: empty it, or let them stay with --allow-rows';
      problems.push({ module, what });
    } else if (state.kind === 'begun' && !state.progress.has(module)) {
      const before = ledger?.before.get(module) ?? 0;
      if ((await countRows(connection, table(module), module)) === before) continue;
      const what = 'the table has other rows than when the load began: find out what wrote there';
      problems.push({ module, what });
    }
  }
  return problems;
}

function formatOf(table: FittedTable | undefined): CopyFormat {
  if (table === undefined) throw new TypeError('the table does not fit');
  const columns = table.columns.map(({ form, name, fit: { encoding } }) => {
    return { form, encoding, column: quote(name) };
  });
  return copyFormat(columns, table.form.unwritten);
}

/** Sequences go on beyond the largest value of their column. */
function sequenceStatements(schema: string, { name: table, columns }: FittedTable): string[] {
  return columns.flatMap(({ name, sequence }) => {
    if (sequence === null) return [];
    const largest = `(SELECT max(${quote(name)}) FROM ${tableIn(schema, table)})`;
    const last = `(SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM ${sequence.name})`;
    const next = `greatest(${largest}, ${last}) + 1`;
    return [`SELECT pg_catalog.setval('${sequence.name.replaceAll("'", "''")}', ${next}, false)`];
  });
}

function sequenceSteps(connection: Connection, schema: string, table: FittedTable): FinishStep[] {
  const { module } = table.form;
  return sequenceStatements(schema, table).map((sql) => {
    return {
      label: `sequence of ${module}`,
      run: async () => {
        await connection.query(sql, module);
      },
    };
  });
}
