/**
 * The table sealift_ledger in the schema of a target: what is loaded, how far, and by which program and
 * person. A batch of rows and its progress are one transaction.
 */

import type { Connection } from '../../postgres/connect.ts';
import { quote, quoteText } from '../../sql/quote.ts';
import type { LoadState, Progress, SealOfLoad } from '../target.ts';
import { LEDGER } from './ddl.ts';

export interface Ledger {
  /** State of the load of this seal; null if there is none. */
  readonly own: LoadState | null;
  /** Rows by module that were there before the load. */
  readonly before: ReadonlyMap<string, number>;
  /** Seal ids of other loads. */
  readonly others: readonly string[];
}

function nameIn(schema: string): string {
  return `${quote(schema)}.${LEDGER}`;
}

/** Reads the ledger of a schema; null if it has none. */
export async function readLedger(
  connection: Connection,
  schema: string,
  sealId: string,
): Promise<Ledger | null> {
  const [[exists] = []] = await connection.query(
    `SELECT pg_catalog.to_regclass(${quoteText(nameIn(schema))}) IS NOT NULL`,
  );
  if (exists !== 't') return null;
  const rows = await connection.query(
    `SELECT seal_id, state, completed_at::timestamptz(0), rows_before, progress FROM ${nameIn(schema)} ORDER BY begun_at`,
    LEDGER,
  );
  const own = rows.find(([seal]) => seal === sealId);
  const others = rows.flatMap(([seal]) => (seal === sealId ? [] : [String(seal)]));
  if (own === undefined) return { own: null, before: new Map(), others };
  const [, state, at, before, progress] = own;
  return {
    own:
      state === 'complete'
        ? { kind: 'complete', at: String(at) }
        : { kind: 'begun', progress: membersOf<Progress>(progress) },
    before: membersOf<number>(before),
    others,
  };
}

function membersOf<T>(json: string | null | undefined): ReadonlyMap<string, T> {
  return new Map(Object.entries(JSON.parse(json ?? '{}') as Record<string, T>));
}

/** Returns the statement that begins the load of a seal. */
export function beginStatement(
  schema: string,
  { sealId, dataRoot, tool, who }: SealOfLoad,
  before: ReadonlyMap<string, number>,
): string {
  const values = [sealId, dataRoot, 'loading', tool].map(quoteText);
  const operator = who === null ? 'NULL' : quoteText(who);
  const rows = quoteText(JSON.stringify(Object.fromEntries(before)));
  return `INSERT INTO ${nameIn(schema)} (seal_id, data_root, state, tool, operator, begun_at, rows_before, progress)
    VALUES (${values.join(', ')}, ${operator}, pg_catalog.now(), ${rows}, '{}')`;
}

/** Returns the statement that states the progress of a module. */
export function progressStatement(
  schema: string,
  sealId: string,
  module: string,
  progress: Progress,
): string {
  const member = quoteText(JSON.stringify({ [module]: progress }));
  return `UPDATE ${nameIn(schema)} SET progress = progress || ${member}::jsonb WHERE seal_id = ${quoteText(sealId)}`;
}

export function completeStatement(schema: string, sealId: string): string {
  return `UPDATE ${nameIn(schema)} SET state = 'complete', completed_at = pg_catalog.now() WHERE seal_id = ${quoteText(sealId)}`;
}
