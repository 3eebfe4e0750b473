/** What comes after the rows: constraints, one transaction each, and statistics for the planner. */

import type { Connection } from '../../postgres/connect.ts';
import { quoteText } from '../../sql/quote.ts';
import type { TableForm } from '../tableForm.ts';
import type { FinishStep } from '../target.ts';
import { constraintsOf, tableIn, type Constraint } from './ddl.ts';
import { lockedBy } from './writeRows.ts';

const ANALYZE = 'statistics';

/** Returns the constraints of a schema of the load's own that are left to make. */
export function wantedConstraints(
  schema: string,
  tables: readonly TableForm[],
  without: readonly string[],
): Constraint[] {
  return constraintsOf(schema, tables).filter(({ name }) => !without.includes(name));
}

/** Returns the steps that are not done, in order. */
export async function finishSteps(
  connection: Connection,
  schema: string,
  tables: readonly TableForm[],
  constraints: readonly Constraint[],
  signal: AbortSignal,
): Promise<FinishStep[]> {
  const done = await doneConstraints(connection, schema);
  const steps = constraints
    .filter((constraint) => !done.has(keyOf(constraint)))
    .map((constraint): FinishStep => {
      const { kind, about, module, sql } = constraint;
      return {
        label: `${kind} of ${about}`,
        run: () => lockedBy({ connection, module, signal }, `BEGIN; ${sql}; COMMIT`),
      };
    });
  const names = tables.map(({ module }) => tableIn(schema, module));
  return [...steps, analyzeStep(connection, names)];
}

/** Returns the step that gathers statistics of these tables, quoted. */
export function analyzeStep(connection: Connection, tables: readonly string[]): FinishStep {
  return {
    label: ANALYZE,
    run: async () => {
      if (tables.length > 0) await connection.query(`ANALYZE ${tables.join(', ')}`);
    },
  };
}

function keyOf({ kind, name, module }: Constraint): string {
  return JSON.stringify([kind === 'identity', module, name]);
}

/** Tables with the names of their constraints and of their identity columns. */
async function doneConstraints(connection: Connection, schema: string): Promise<Set<string>> {
  const name = quoteText(schema);
  const rows = await connection.query(
    `SELECT false, r.relname, c.conname FROM pg_catalog.pg_constraint c
        JOIN pg_catalog.pg_class r ON r.oid = c.conrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace WHERE n.nspname = ${name}
      UNION ALL SELECT true, r.relname, a.attname FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_class r ON r.oid = a.attrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
        WHERE n.nspname = ${name} AND a.attidentity <> ''`,
  );
  return new Set(
    rows.map(([identity, table, one]) => JSON.stringify([identity === 't', table, one])),
  );
}
