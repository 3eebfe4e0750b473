/**
 * keys plan: what migrate would do. Reads every row, opens every value, measures every envelope, sweeps for
 * columns that are not declared, and writes nothing.
 */

import type { FindingStore } from '../findings/findingStore.ts';
import { columnName, noValues, rowFinding, undeclaredFinding } from '../keys/columnFinding.ts';
import { columnWorks, logOf } from '../keys/columnWork.ts';
import { resealPass, type ColumnWork, type PassCounts } from '../keys/resealRows.ts';
import { MIGRATE } from '../keys/resealSteps.ts';
import { sweepColumns } from '../keys/sweepColumns.ts';
import { counted, grouped } from '../outcome/counted.ts';
import { checkOutcome, type Outcome } from '../outcome/outcome.ts';
import { openKeys, type OpenColumn, type OpenKeys } from '../project/openKeys.ts';
import type { Environment } from '../run/environment.ts';
import { quote, quoteText } from '../sql/quote.ts';

export interface KeysPlanOptions {
  readonly project: string;
  readonly batch: number;
}

interface Planned {
  readonly column: OpenColumn;
  readonly counts: PassCounts;
}

/** Plans a migration. */
export async function keysPlan(
  { project, batch }: KeysPlanOptions,
  env: Environment,
  found: FindingStore,
): Promise<Outcome> {
  const open = await openKeys({ project, changes: false }, env);
  try {
    const works = columnWorks(open, logOf(open, env), 'plan', env);
    const planned: Planned[] = [];
    env.progress.begin('keys', 0, { unit: 'row' });
    for (const work of works) planned.push(await planColumn(work, batch, env, found));
    env.progress.end();
    const swept = await sweep(open, env, found);
    return outcomeOf(planned, swept, open, found);
  } finally {
    await open.close();
  }
}

async function planColumn(
  work: ColumnWork,
  batch: number,
  env: Environment,
  found: FindingStore,
): Promise<Planned> {
  const { column } = work;
  const counts = await resealPass(work, MIGRATE, {
    swaps: null,
    batch,
    shallow: false,
    suspects: new Set(),
    limit: Number.MAX_SAFE_INTEGER,
    stopping: env.stopping,
    onRefused: (row, refused) => {
      found.add(rowFinding(column, row.key, refused));
    },
    onRows: (rows) => {
      env.progress.update(rows);
    },
  });
  const { states, rows } = counts;
  if (rows === states.null + states.empty && !column.declared.optional && !env.stopping.aborted) {
    throw noValues(column);
  }
  return { column, counts };
}

async function sweep(
  { database, columns, file, keyOf }: OpenKeys,
  env: Environment,
  found: FindingStore,
): Promise<{ readonly columns: number; readonly undeclared: number }> {
  env.progress.begin('discover', 0, { unit: 'table' });
  const swept = await sweepColumns({
    database,
    columns,
    keys: [...file.keys.keys()].map(keyOf),
    stopping: env.stopping,
    onTable: (tables) => {
      env.progress.update(tables);
    },
  });
  env.progress.end();
  for (const one of swept.undeclared) found.add(undeclaredFinding(one));
  return { columns: swept.columns, undeclared: swept.undeclared.length };
}

function outcomeOf(
  planned: readonly Planned[],
  swept: { readonly columns: number; readonly undeclared: number },
  { database, scheme, keyOf }: OpenKeys,
  found: FindingStore,
): Outcome {
  const wanted = planned.reduce((sum, { counts }) => sum + counts.wanted, 0);
  return checkOutcome({
    command: 'keys plan',
    modules: [],
    findings: found.list,
    facts: {
      database: database.label,
      wouldMigrate: wanted,
      undeclared: swept.undeclared,
      columns: planned.map(({ column: { declared }, counts }) => ({
        table: declared.table,
        column: declared.column,
        kid: keyOf(declared.key).kid,
        ...counts,
      })),
    },
    notes: [
      `database   ${database.label}`,
      ...planned.flatMap((one) => notesOf(one, keyOf(one.column.declared.key).kid)),
      `${counted(swept.columns, 'other column')} swept, ${grouped(swept.undeclared)} undeclared with ciphertexts`,
      `${counted(wanted, 'value')} would be migrated; nothing was written`,
      ...(scheme === 'postgres' ? guardNotes(planned) : []),
    ],
  });
}

function notesOf({ column, counts }: Planned, kid: string): string[] {
  const { declared, facts } = column;
  const { states, rows, wanted, refused, longest } = counts;
  const width = facts.maxLength === null ? 'no limit' : `${facts.maxLength} fit`;
  return [
    `${columnName(column)}: ${grouped(wanted)} to migrate, ${grouped(refused)} cannot be, of ${counted(rows, 'row')}`,
    `  ${grouped(states.null)} null, ${grouped(states.empty)} empty, ${grouped(states.current)} current, ${grouped(states.retiring)} retiring, ${grouped(states.legacy)} legacy, ${grouped(states.former)} former, ${grouped(states.unknown)} unknown`,
    `  to ${declared.target} under ${declared.key} (${kid}), longest ${grouped(longest)} characters, ${width}`,
  ];
}

/** The guard that stops writers of the old kind: SQL for a person, never run by us. */
function guardNotes(planned: readonly Planned[]): string[] {
  const lines = planned.flatMap(({ column: { declared, rows } }) => {
    const [schema = '', ...rest] = rows.label.split('.');
    const table = rest.length === 0 ? quote(schema) : `${quote(schema)}.${quote(rest.join('.'))}`;
    const name = quote(`${declared.column}_sealed`);
    const check = `CHECK (${quote(declared.column)} LIKE ${quoteText('enc:v1:%')})`;
    return [
      `  ALTER TABLE ${table} ADD CONSTRAINT ${name} ${check} NOT VALID;`,
      `  ALTER TABLE ${table} VALIDATE CONSTRAINT ${name};  -- after keys verify`,
    ];
  });
  return [
    'to stop writers of the old kind, before migrate (empty texts are refused by it, too):',
    ...lines,
  ];
}
