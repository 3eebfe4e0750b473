/**
 * keys verify: reads every value again, opens it, and compares it with the log. It shares no step with what
 * writes; columns that are not declared are findings.
 */

import type { FindingStore } from '../findings/findingStore.ts';
import { ahead } from '../keys/ahead.ts';
import { columnName, noValues, rowFinding, undeclaredFinding } from '../keys/columnFinding.ts';
import { logOf } from '../keys/columnWork.ts';
import { digestTable, type DigestTable } from '../keys/digestTable.ts';
import { KEYS_LOG, writtenOf, type LogCipher } from '../keys/logLine.ts';
import { isTable, sweepColumns } from '../keys/sweepColumns.ts';
import { verifyColumn, type VerifyCounts } from '../keys/verifyColumn.ts';
import { counted, grouped } from '../outcome/counted.ts';
import { checkOutcome, type Outcome } from '../outcome/outcome.ts';
import { openKeys, type OpenColumn, type OpenKeys } from '../project/openKeys.ts';
import type { Environment } from '../run/environment.ts';
import type { ListedTable } from '../database/database.ts';

export interface KeysVerifyOptions {
  readonly project: string;
  /** What every value has to begin with; null for no demand. */
  readonly expect: string | null;
}

interface Verified {
  readonly column: OpenColumn;
  readonly counts: VerifyCounts;
}

/** Verifies all columns. */
export async function keysVerify(
  { project, expect }: KeysVerifyOptions,
  env: Environment,
  found: FindingStore,
): Promise<Outcome> {
  const open = await openKeys({ project, changes: false }, env);
  try {
    const log = logOf(open, env);
    const logged = await readLog(open);
    const listed = await open.database.tables();
    const all: Verified[] = [];
    env.progress.begin('verify', 0, { unit: 'row' });
    for (const column of open.columns) {
      const counts = await verifyOne(column, { open, log, logged, listed, expect }, env, found);
      all.push({ column, counts });
    }
    env.progress.end();
    const undeclared = await discover(open, env, found);
    return outcomeOf(all, undeclared, { open, logged, expect }, found);
  } finally {
    await open.close();
  }
}

/** Reads the log into memory: HMACs by HMACs, no values. */
async function readLog({ database }: OpenKeys): Promise<DigestTable> {
  const logged = digestTable();
  for await (const page of ahead(database.readLog(KEYS_LOG))) {
    for (const cells of page) {
      const line = writtenOf(cells);
      if (line !== null) logged.set(line.digest, line.mac);
    }
  }
  return logged;
}

interface Parts {
  readonly open: OpenKeys;
  readonly log: LogCipher;
  readonly logged: DigestTable;
  readonly listed: readonly ListedTable[];
  readonly expect: string | null;
}

async function verifyOne(
  column: OpenColumn,
  { open, log, logged, listed, expect }: Parts,
  env: Environment,
  found: FindingStore,
): Promise<VerifyCounts> {
  const table = listed.find((one) => isTable(one, column));
  if (table === undefined) throw noValues(column);
  const counts = await verifyColumn({
    database: open.database,
    listed: table,
    column,
    keyOf: open.keyOf,
    log,
    logged,
    expect,
    stopping: env.stopping,
    onFound: (key, rule, reason, field) => {
      found.add(rowFinding(column, key, { rule, reason, field }));
    },
    onRows: (rows) => {
      env.progress.update(rows);
    },
  });
  const { rows, null: nulls, empty } = counts;
  if (rows === nulls + empty && !column.declared.optional && !env.stopping.aborted) {
    throw noValues(column);
  }
  return counts;
}

async function discover(
  { database, columns, file, keyOf }: OpenKeys,
  { stopping }: Environment,
  found: FindingStore,
): Promise<number> {
  const keys = [...file.keys.keys()].map(keyOf);
  const swept = await sweepColumns({ database, columns, keys, stopping, onTable: () => {} });
  for (const one of swept.undeclared) found.add(undeclaredFinding(one));
  return swept.undeclared.length;
}

function outcomeOf(
  all: readonly Verified[],
  undeclared: number,
  { open, logged, expect }: { open: OpenKeys; logged: DigestTable; expect: string | null },
  found: FindingStore,
): Outcome {
  const { database } = open;
  return checkOutcome({
    command: 'keys verify',
    modules: [],
    findings: found.list,
    facts: {
      database: database.label,
      undeclared,
      logged: logged.size,
      columns: all.map(({ column: { declared }, counts }) => ({
        table: declared.table,
        column: declared.column,
        ...counts,
        byApplication: openedOf(counts) - counts.asLogged,
      })),
    },
    notes: [
      `database   ${database.label}`,
      ...all.flatMap(notesOf),
      ...(expect === null ? [] : [`every value was to begin with ${JSON.stringify(expect)}`]),
      `${grouped(undeclared)} undeclared columns with ciphertexts`,
    ],
  });
}

function openedOf({ opened }: VerifyCounts): number {
  return Object.values(opened).reduce((sum, count) => sum + count, 0);
}

function notesOf({ column, counts }: Verified): string[] {
  const { rows, null: nulls, empty, opened, asLogged, bad } = counts;
  const keys = Object.entries(opened).map(([name, count]) => `${grouped(count)} under ${name}`);
  return [
    `${columnName(column)}: ${counted(rows, 'row')}: ${[...keys, `${grouped(nulls)} null`, `${grouped(empty)} empty`, `${grouped(bad)} bad`].join(', ')}`,
    `  ${grouped(asLogged)} as the log has them, ${grouped(openedOf(counts) - asLogged)} written by the application`,
  ];
}
