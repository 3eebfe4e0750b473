/** Databases that are opened by a test, and what they refuse. */

import type {
  Database,
  DatabaseAdapter,
  OpenDatabase,
  Table,
} from '../../src/database/database.ts';
import { Failure } from '../../src/outcome/failure.ts';
import { VARIABLES } from '../contract/databaseSubjects.ts';

export async function openDatabase(
  adapter: DatabaseAdapter,
  rest: string,
  more: Partial<OpenDatabase> = {},
): Promise<Database> {
  return adapter.open(adapter.parse(rest, '/'), {
    writes: true,
    variables: VARIABLES,
    signal: new AbortController().signal,
    connectMs: 30_000,
    lockMs: 300,
    ...more,
  });
}

/** The table `t` with the key `id` and the column `c`. */
export async function tableT(
  database: Database,
  columns: readonly string[] = ['c'],
): Promise<Table> {
  return database.table({ table: 't', key: ['id'], columns });
}

export async function refusal(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof Failure) return `${error.code} ${error.line()}`;
  throw new Error('it was not refused', { cause: error });
}
