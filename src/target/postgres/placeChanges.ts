/** Compares the tables of a schema with what a reconcile saw of them. */

import { Failure } from '../../outcome/failure.ts';
import type { Connection } from '../../postgres/connect.ts';
import { changesSince, decodeSeen, type Seen } from '../../postgres/seen.ts';
import type { PlaceChanges } from '../swap.ts';
import { LEDGER } from './ddl.ts';
import { hasRows } from './ownSchema.ts';

/** A table that stores rows, or a partitioned one, whose partitions it stands for. */
export interface StoredTable {
  readonly oid: string;
  /** Without its schema, quoted if it needs to be. */
  readonly name: string;
  /** With its schema, quoted. */
  readonly identifier: string;
}

const TABLES = `
  SELECT c.oid, quote_ident(c.relname), format('%I.%I', n.nspname, c.relname)
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') ORDER BY c.relname COLLATE "C"`;

/** Lists the tables of a schema, the ledger of loads among them. */
export async function tablesOf(connection: Connection, schema: string): Promise<StoredTable[]> {
  const rows = await connection.execute(TABLES, [schema]);
  return rows.map(([oid, name, identifier]) => {
    return { oid: String(oid), name: String(name), identifier: String(identifier) };
  });
}

/** Reads what an adapter of sources has noted. @throws Failure TARGET if it is nothing of a server */
export function seenIn(text: string, where: string): Seen {
  const seen = decodeSeen(text);
  if (seen !== null) return seen;
  throw new Failure('TARGET', {
    what: 'what the journal notes of the last reconcile is of another kind of target, or another version',
    where,
    hint: 'run sealift reconcile again, then the same command',
  });
}

/**
 * What differs in these tables, all of a schema, from what was seen; null: nothing was seen. A table that was
 * seen and is not among them is not there any more, whatever has become of it.
 */
export async function placeChanges(
  connection: Connection,
  tables: readonly StoredTable[],
  seen: Seen | null,
): Promise<Omit<PlaceChanges, 'tookMs'>> {
  const names = new Map(tables.map(({ oid, name }) => [oid, name]));
  const changes = seen === null ? [] : await changesSince(connection, seen);
  const absent = (seen?.tables ?? []).filter(({ oid }) => !names.has(oid));
  const known = new Set(seen?.tables.map(({ oid }) => oid));
  const unsealed: string[] = [];
  for (const { oid, name, identifier } of tables) {
    if (known.has(oid) || name === LEDGER) continue;
    if (await hasRows(connection, identifier, identifier)) unsealed.push(name);
  }
  return {
    isOther: false,
    tables: [
      ...changes.flatMap(({ oid, ...change }) => {
        const table = names.get(oid);
        return table === undefined ? [] : [{ table, ...change }];
      }),
      ...absent.map(() => ({ table: 'a table', written: 0, gone: 0, remade: true })),
    ],
    unsealed,
  };
}
