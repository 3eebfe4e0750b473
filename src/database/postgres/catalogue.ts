/**
 * The catalogue of an application's PostgreSQL database: tables with their columns, which columns name
 * a row, and what the user may do. Names in statements come from here, never from a mapping.
 */

import type { Connection } from '../../postgres/connect.ts';
import { quote } from '../../sql/quote.ts';
import type { ColumnFacts } from '../database.ts';

/** The schema whose name is left out. */
export const DEFAULT_SCHEMA = 'public';

export interface TableEntry {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  /** `r` table, `p` partitioned, `v` view, `m` materialised view, `f` foreign table. */
  readonly kind: string;
  readonly isPartition: boolean;
}

/** Lists what could be a table, ascending by schema and name; that of the system left out. */
export async function listEntries(connection: Connection): Promise<TableEntry[]> {
  const rows = await connection.query(
    `SELECT c.oid, n.nspname, c.relname, c.relkind, c.relispartition
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't'
        AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
      ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`,
  );
  return rows.map(([oid, schema, name, kind, isPartition]) => {
    return {
      oid: String(oid),
      schema: String(schema),
      name: String(name),
      kind: String(kind),
      isPartition: isPartition === 't',
    };
  });
}

/** Returns `schema.table`, or `table` in the default schema; parts with a dot or quote are quoted. */
export function nameOf({ schema, name }: Pick<TableEntry, 'schema' | 'name'>): string {
  return schema === DEFAULT_SCHEMA ? part(name) : `${part(schema)}.${part(name)}`;
}

function part(name: string): string {
  const isPlain = !/[."]/.test(name);
  return isPlain ? name : quote(name);
}

/** Finds the table that a mapping calls so: as {@link nameOf} does, with its schema, or by its bare name. */
export function findEntry(entries: readonly TableEntry[], called: string): TableEntry | undefined {
  const isCalled = ({ schema, name }: TableEntry): boolean =>
    called === nameOf({ schema, name }) || called === `${part(schema)}.${part(name)}`;
  return (
    entries.find(isCalled) ??
    entries.find(({ schema, name }) => schema === DEFAULT_SCHEMA && name === called)
  );
}

export interface ColumnEntry {
  readonly facts: ColumnFacts;
  /** Type of its cells, below any domain, as SQL. */
  readonly type: string;
  readonly generated: boolean;
  readonly mayRead: boolean;
  readonly mayChange: boolean;
  /** 1-based place in the primary key; 0 outside. */
  readonly place: number;
}

const KINDS: ReadonlyMap<string, ColumnFacts['kind']> = new Map([
  ['text', 'text'],
  ['varchar', 'text'],
  ['bpchar', 'text'],
  ['citext', 'text'],
  ['int2', 'integer'],
  ['int4', 'integer'],
  ['int8', 'integer'],
  ['bytea', 'bytes'],
]);

/** Reads the columns of a table, in their order. */
export async function readColumns(connection: Connection, oid: string): Promise<ColumnEntry[]> {
  const rows = await connection.execute(
    `WITH RECURSIVE base AS (
        SELECT a.attnum, t.oid, t.typtype, t.typbasetype, t.typname, a.atttypmod AS modifier
          FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
          WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT b.attnum, t.oid, t.typtype, t.typbasetype, t.typname,
            CASE WHEN b.modifier >= 0 THEN b.modifier ELSE d.typtypmod END
          FROM base b JOIN pg_catalog.pg_type d ON d.oid = b.oid
          JOIN pg_catalog.pg_type t ON t.oid = d.typbasetype WHERE b.typtype = 'd')
      SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), b.typname, b.modifier,
        pg_catalog.format_type(b.oid, -1), NOT a.attnotnull,
        a.attgenerated <> '' OR a.attidentity = 'a',
        pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT'),
        pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'UPDATE'),
        coalesce(pg_catalog.array_position(i.indkey::int2[], a.attnum) + 1, 0)
      FROM base b JOIN pg_catalog.pg_attribute a ON a.attrelid = $1::oid AND a.attnum = b.attnum
      LEFT JOIN pg_catalog.pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
      WHERE b.typtype <> 'd' ORDER BY a.attnum`,
    [oid],
  );
  return rows.map((row) => {
    const [name, type, base, modifier, cast, nullable, generated, read, change, place] = row;
    const length = Number(modifier) - 4;
    const isLimited = (base === 'varchar' || base === 'bpchar') && length > 0;
    return {
      facts: {
        name: String(name),
        type: String(type),
        kind: KINDS.get(String(base)) ?? 'other',
        nullable: nullable === 't',
        maxLength: isLimited ? length : null,
      },
      type: String(cast),
      generated: generated === 't',
      mayRead: read === 't',
      mayChange: change === 't',
      place: Number(place),
    };
  });
}

/**
 * Types of a key whose comparison is the server's own: with an empty search_path, that of another type
 * could be one thing in ORDER BY and another in a condition.
 */
const KEY_TYPES = new Set([
  'smallint',
  'integer',
  'bigint',
  'text',
  'character varying',
  'bpchar',
  'uuid',
  'bytea',
  'numeric',
  'date',
  'timestamp without time zone',
  'timestamp with time zone',
]);

export function isKeyType({ type }: ColumnEntry): boolean {
  return KEY_TYPES.has(type);
}

/**
 * Returns the collations under which columns name at most one row, by column, as SQL, so that the index
 * orders them; null if no unique index says that they do.
 */
export async function keyCollations(
  connection: Connection,
  oid: string,
  key: readonly string[],
): Promise<ReadonlyMap<string, string> | null> {
  const rows = await connection.execute(
    `SELECT i.indexrelid, a.attname,
        CASE WHEN c.oid IS NULL OR c.oid = a.attcollation THEN '' ELSE pg_catalog.format('COLLATE %I.%I', n.nspname, c.collname) END
      FROM pg_catalog.pg_index i
      CROSS JOIN LATERAL unnest(i.indkey::int2[], i.indcollation::oid[]) WITH ORDINALITY k (attnum, coll, place)
      LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum > 0
      LEFT JOIN pg_catalog.pg_collation c ON c.oid = k.coll
      LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
      WHERE i.indrelid = $1::oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
        AND k.place <= i.indnkeyatts
      ORDER BY i.indisprimary DESC, i.indexrelid, k.place`,
    [oid],
  );
  const indexes = new Map<string, Map<string, string>>();
  for (const [index, column, collation] of rows) {
    const parts = indexes.get(String(index)) ?? new Map<string, string>();
    // An expression has no name, and is in no key.
    indexes.set(String(index), parts.set(column ?? '\0', String(collation)));
  }
  for (const parts of indexes.values()) {
    if (parts.size === key.length && key.every((name) => parts.has(name))) return parts;
  }
  return null;
}

export interface TableRights {
  readonly mayUseSchema: boolean;
  /** Whether policies would hide rows from the user. */
  readonly hidesRows: boolean;
  readonly hasRules: boolean;
}

export async function readRights(
  connection: Connection,
  { oid }: TableEntry,
): Promise<TableRights> {
  const [[use, hides, rules] = []] = await connection.execute(
    `SELECT pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE'), pg_catalog.row_security_active(c.oid),
        EXISTS (SELECT FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_enabled <> 'D')
      FROM pg_catalog.pg_class c WHERE c.oid = $1::oid`,
    [oid],
  );
  return { mayUseSchema: use === 't', hidesRows: hides === 't', hasRules: rules === 't' };
}
