/** Reads what a load has to know of the tables of a schema that is there. */

import type { Connection } from '../../postgres/connect.ts';
import { quote, quoteText } from '../../sql/quote.ts';
import type { ColumnFacts } from './fit.ts';

/** A sequence that a column takes its default from. */
export interface SequenceFacts {
  /** Quoted, with its schema. */
  readonly name: string;
  readonly max: bigint;
  readonly mayUpdate: boolean;
}

export interface TableThere {
  readonly name: string;
  /** relkind of pg_class. */
  readonly kind: string;
  readonly isPartition: boolean;
  readonly hidesRows: boolean;
  readonly mayWrite: boolean;
  /** Names of enabled triggers of users. */
  readonly triggers: readonly string[];
  readonly columns: readonly ColumnFacts[];
  /** By the name of the column. */
  readonly sequences: ReadonlyMap<string, SequenceFacts>;
  /** Tables of the same schema that its foreign keys refer to. */
  readonly parents: readonly string[];
}

export interface SchemaThere {
  readonly exists: boolean;
  readonly mayUse: boolean;
  readonly mayCreate: boolean;
  readonly tables: ReadonlyMap<string, TableThere>;
}

/** Reads a schema. */
export async function readSchema(connection: Connection, schema: string): Promise<SchemaThere> {
  const name = quoteText(schema);
  const [[exists, mayUse, mayCreate] = []] = await connection.query(
    `SELECT n.oid IS NOT NULL, has_schema_privilege(n.oid, 'USAGE'), has_schema_privilege(n.oid, 'CREATE')
      FROM (SELECT 1) one LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = ${name}`,
  );
  const found = { exists: exists === 't', mayUse: mayUse === 't', mayCreate: mayCreate === 't' };
  if (!found.exists || !found.mayUse) return { ...found, tables: new Map() };
  const columns = Map.groupBy(await readColumns(connection, schema), ([table]) => String(table));
  const rows = await connection.query(relationsSql(name));
  const tables = rows.map((row): [string, TableThere] => {
    const [table, kind, partition, hides, write, triggers, parents] = row.map(String);
    const own = columns.get(table ?? '') ?? [];
    return [
      table ?? '',
      {
        name: table ?? '',
        kind: kind ?? '',
        isPartition: partition === 't',
        hidesRows: hides === 't',
        mayWrite: write === 't',
        triggers: JSON.parse(triggers ?? '[]') as string[],
        parents: JSON.parse(parents ?? '[]') as string[],
        columns: own.map(columnOf),
        sequences: new Map(own.flatMap(sequenceOf)),
      },
    ];
  });
  return { ...found, tables: new Map(tables) };
}

function relationsSql(schema: string): string {
  return `SELECT c.relname, c.relkind, c.relispartition, pg_catalog.row_security_active(c.oid),
      has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'SELECT'),
      (SELECT coalesce(json_agg(t.tgname ORDER BY t.tgname), '[]') FROM pg_catalog.pg_trigger t
        WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D'),
      (SELECT coalesce(json_agg(DISTINCT p.relname), '[]') FROM pg_catalog.pg_constraint k
        JOIN pg_catalog.pg_class p ON p.oid = k.confrelid AND p.relnamespace = c.relnamespace
        WHERE k.conrelid = c.oid AND k.contype = 'f')
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ${schema} AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`;
}

type ColumnRow = readonly (string | null)[];

/** Types of domains are those that they are made of; a sequence is that of an identity or a serial column. */
function readColumns(connection: Connection, schema: string): Promise<(string | null)[][]> {
  return connection.query(`
    WITH RECURSIVE base (oid, typmod, required, source) AS (
      SELECT t.oid, -1, false, t.oid FROM pg_catalog.pg_type t
      UNION ALL
      SELECT t.typbasetype, CASE WHEN t.typtypmod = -1 THEN b.typmod ELSE t.typtypmod END,
        b.required OR t.typnotnull, b.source
      FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.oid WHERE t.typtype = 'd'
    )
    SELECT c.relname, a.attname,
      pg_catalog.format_type(b.oid, CASE WHEN b.oid = a.atttypid THEN a.atttypmod ELSE b.typmod END),
      a.attnotnull OR b.required, a.atthasdef OR a.attidentity <> '', a.attgenerated <> '',
      (SELECT json_agg(e.enumlabel) FROM pg_catalog.pg_enum e
        WHERE e.enumtypid = CASE WHEN t.typelem <> 0 THEN t.typelem ELSE t.oid END),
      s.nspname, s.relname, s.seqmax, has_sequence_privilege(s.oid, 'UPDATE')
    FROM pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN base b ON b.source = a.atttypid
      JOIN pg_catalog.pg_type t ON t.oid = b.oid AND t.typtype <> 'd'
      LEFT JOIN (
        SELECT d.refobjid, d.refobjsubid, r.oid, r.relname, rn.nspname, q.seqmax
        FROM pg_catalog.pg_depend d
          JOIN pg_catalog.pg_class r ON r.oid = d.objid AND r.relkind = 'S'
          JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
          JOIN pg_catalog.pg_sequence q ON q.seqrelid = r.oid
        WHERE d.refclassid = 'pg_catalog.pg_class'::regclass
          AND d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
      ) s ON s.refobjid = c.oid AND s.refobjsubid = a.attnum
    WHERE n.nspname = ${quoteText(schema)} AND a.attnum > 0 AND NOT a.attisdropped
      AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    ORDER BY c.relname, a.attnum`);
}

function columnOf([, name, type, notNull, hasDefault, generated, labels]: ColumnRow): ColumnFacts {
  return {
    name: String(name),
    type: String(type),
    labels: labels == null ? null : (JSON.parse(labels) as string[]),
    notNull: notNull === 't',
    hasDefault: hasDefault === 't',
    generated: generated === 't',
  };
}

function sequenceOf(row: ColumnRow): [string, SequenceFacts][] {
  const [, column, , , , , , schema, name, max, mayUpdate] = row;
  if (schema == null || name == null) return [];
  const quoted = `${quote(schema)}.${quote(name)}`;
  const facts = { name: quoted, max: BigInt(max ?? 0), mayUpdate: mayUpdate === 't' };
  return [[String(column), facts]];
}
