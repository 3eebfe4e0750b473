/**
 * Reads the schema of a PostgreSQL database from its catalogue, in one snapshot. A partitioned table is
 * one table; its partitions are parts of it. Tables are read without those that inherit from them, which
 * are tables of their own.
 */

import type { Connection, TextRow } from '../../postgres/connect.ts';
import { compareNames } from '../nameOrder.ts';
import type {
  ColumnSchema,
  ForeignKey,
  OtherObject,
  SourceSchema,
  TableSchema,
} from '../source.ts';
import { formOf, type CellForm } from './cellForm.ts';
import { addLargeObjects } from './largeObjects.ts';
import { identifier, nameOf } from './tableName.ts';

/** A part of a table that is read by the positions of its rows. */
export interface StoredPart {
  /** Identifier with its schema. */
  readonly identifier: string;
}

/** Data that a reader needs to read a table; survives structured clone. */
export interface TableAccess {
  readonly name: string;
  /** What follows FROM. */
  readonly from: string;
  /** Leaf tables with its rows; null for a view, which has no positions. */
  readonly parts: readonly StoredPart[] | null;
  readonly columns: readonly ColumnAccess[];
}

export interface ColumnAccess {
  readonly name: string;
  readonly form: CellForm;
  /** SQL that yields the cell; the column's own name if left out. */
  readonly sql?: string;
}

export interface Catalogue {
  readonly schema: SourceSchema;
  readonly access: readonly TableAccess[];
  readonly lockable: readonly Lockable[];
}

/** A table that stays as it is as long as it is locked. */
export interface Lockable {
  readonly name: string;
  /** What follows LOCK TABLE or FROM. */
  readonly from: string;
  /** Whether LOCK TABLE may be used; else a query locks it: a materialised view, or some columns only. */
  readonly directly: boolean;
  readonly isView: boolean;
}

/** Schemas that hold nothing of the user's. */
export const OF_USERS = `n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'`;

const RELATIONS = `
  SELECT c.oid, n.nspname, c.relname, c.relkind, c.relispartition, c.relpersistence,
    has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE'),
    has_any_column_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE'),
    c.relispopulated
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ${OF_USERS}`;

/** Declared types of domains are those that they are made of. */
const COLUMNS = `
  WITH RECURSIVE base (oid, typmod, required, source) AS (
    SELECT t.oid, -1, false, t.oid FROM pg_catalog.pg_type t
    UNION ALL
    SELECT t.typbasetype, CASE WHEN t.typtypmod = -1 THEN b.typmod ELSE t.typtypmod END,
      b.required OR t.typnotnull, b.source
    FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.oid WHERE t.typtype = 'd'
  )
  SELECT a.attrelid, a.attname,
    pg_catalog.format_type(b.oid, CASE WHEN b.oid = a.atttypid THEN a.atttypmod ELSE b.typmod END),
    a.attnotnull OR b.required, a.attgenerated <> '', t.typname, t.typtype, t.typcategory, tn.nspname,
    e.typname, t.typdelim
  FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN base b ON b.source = a.atttypid
    JOIN pg_catalog.pg_type t ON t.oid = b.oid AND t.typtype <> 'd'
    JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
    LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
  WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm') AND ${OF_USERS}
  ORDER BY a.attrelid, a.attnum`;

const KEYS = `
  SELECT i.indrelid, ic.relname, i.indisprimary, i.indpred IS NOT NULL OR 0 = ANY (i.indkey::int2[]),
    (SELECT json_agg(a.attname ORDER BY k.place)
      FROM unnest(i.indkey::int2[]) WITH ORDINALITY k (attnum, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
      WHERE k.place <= i.indnkeyatts)
  FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
    JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE i.indisunique AND i.indisvalid AND ${OF_USERS}`;

const FOREIGN_KEYS = `
  SELECT k.conrelid, pn.nspname, p.relname, k.confmatchtype,
    (SELECT json_agg(a.attname ORDER BY u.place) FROM unnest(k.conkey) WITH ORDINALITY u (attnum, place)
      JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum),
    (SELECT json_agg(a.attname ORDER BY u.place) FROM unnest(k.confkey) WITH ORDINALITY u (attnum, place)
      JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.attnum)
  FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_class p ON p.oid = k.confrelid
    JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
  WHERE k.contype = 'f' AND k.conparentid = 0 AND ${OF_USERS}
  ORDER BY k.conrelid, k.conname`;

/** Leaves of each partitioned table, with the topmost table first. */
const PARTITIONS = `
  WITH RECURSIVE part (top, oid) AS (
    SELECT i.inhparent, i.inhrelid FROM pg_catalog.pg_inherits i
      JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
    WHERE p.relkind = 'p' AND NOT p.relispartition
    UNION ALL
    SELECT part.top, i.inhrelid FROM part JOIN pg_catalog.pg_inherits i ON i.inhparent = part.oid
  )
  SELECT part.top, part.oid FROM part ORDER BY part.top, part.oid`;

/** Tables that inherit from others, which are no partitions. */
const HEIRS = `
  SELECT i.inhparent, i.inhrelid FROM pg_catalog.pg_inherits i
    JOIN pg_catalog.pg_class p ON p.oid = i.inhparent WHERE p.relkind = 'r'
  ORDER BY i.inhparent, i.inhrelid`;

/** Reads the catalogue. @throws Failure */
export async function readCatalogue(connection: Connection): Promise<Catalogue> {
  const relations = (await connection.query(RELATIONS)).map(relationOf);
  const columns = grouped(await connection.query(COLUMNS), columnOf);
  const keys = grouped(await connection.query(KEYS), keyOf);
  const foreignKeys = grouped(await connection.query(FOREIGN_KEYS), foreignKeyOf);
  const byOid = new Map(relations.map((relation) => [relation.oid, relation]));
  const partitions = grouped(await connection.query(PARTITIONS), ([, oid]) => {
    return byOid.get(String(oid));
  });
  const heirs = grouped(await connection.query(HEIRS), ([, oid]) => {
    return byOid.get(String(oid))?.name ?? 'a table of the system';
  });
  const tables: TableSchema[] = [];
  const access: TableAccess[] = [];
  const others: OtherObject[] = [];
  for (const relation of relations) {
    const { oid, name, kind } = relation;
    const parts = (partitions.get(oid) ?? []).filter((part) => part !== undefined);
    if (relation.isPartition) continue;
    for (const part of parts) others.push(partition(part.name, name));
    if (kind === 'f' || parts.some((part) => part.kind === 'f')) {
      others.push(elsewhere(name, kind === 'f'));
      continue;
    }
    if (!relation.isPopulated) {
      others.push(unpopulated(name));
      continue;
    }
    const found = columns.get(oid) ?? [];
    tables.push({
      ...describe(relation),
      columns: found.map(({ column }) => column),
      ...keysOf(keys.get(oid) ?? []),
      foreignKeys: foreignKeys.get(oid) ?? [],
      ...(heirs.has(oid) ? { heirs: heirs.get(oid) ?? [] } : {}),
    });
    access.push({
      name,
      from: kind === 'v' || kind === 'p' ? relation.identifier : `ONLY ${relation.identifier}`,
      parts: storedParts(relation, parts),
      columns: found.map(({ column, form }) => ({ name: column.name, form })),
    });
  }
  await addLargeObjects(connection, tables, access);
  return {
    schema: {
      tables: tables.sort((a, b) => compareNames(a.name, b.name)),
      ...(others.length === 0
        ? {}
        : { others: others.sort((a, b) => compareNames(a.name, b.name)) }),
    },
    access,
    lockable: relations.flatMap(lockableOf),
  };
}

/** Partitions are locked with their table. */
function lockableOf({ name, identifier: own, ...of }: FoundRelation): Lockable[] {
  if (of.isPartition || !of.mayReadSome || !of.isPopulated || !'rpmv'.includes(of.kind)) return [];
  const isView = of.kind === 'v';
  const from = of.kind === 'p' || isView ? own : `ONLY ${own}`;
  return [{ name, from, directly: of.mayRead && of.kind !== 'm', isView }];
}

interface FoundRelation {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly identifier: string;
  readonly kind: string;
  readonly isPartition: boolean;
  readonly mayRead: boolean;
  /** Whether the user may read at least one column. */
  readonly mayReadSome: boolean;
  /** False of a materialised view that has never been filled, which cannot be read. */
  readonly isPopulated: boolean;
}

function relationOf(row: TextRow): FoundRelation {
  const [oid, schema, table, kind, isPartition, , mayRead, mayReadSome, isPopulated] =
    row.map(String);
  return {
    oid: oid ?? '',
    schema: schema ?? '',
    name: nameOf(schema ?? '', table ?? ''),
    identifier: identifier(schema ?? '', table ?? ''),
    kind: kind ?? '',
    isPartition: isPartition === 't',
    mayRead: mayRead === 't',
    mayReadSome: mayReadSome === 't',
    isPopulated: isPopulated === 't',
  };
}

function describe({ name, schema, kind }: FoundRelation): Pick<TableSchema, 'name' | 'kind'> {
  const view = kind === 'v';
  return {
    name,
    schema,
    kind: view ? 'view' : 'table',
    // Rows of a view are counted, and shown by their number.
    ...(view ? {} : { locator: 'ctid' }),
    ...(kind === 'm'
      ? { derived: 'it is a materialised view, which the database computes from its tables' }
      : {}),
  } as Pick<TableSchema, 'name' | 'kind'>;
}

function storedParts(
  { kind, identifier: own }: FoundRelation,
  partitions: readonly FoundRelation[],
): StoredPart[] | null {
  if (kind === 'v') return null;
  if (kind !== 'p') return [{ identifier: own }];
  const leaves = partitions.filter((part) => part.kind === 'r');
  return leaves.map((leaf) => ({ identifier: leaf.identifier }));
}

function partition(name: string, table: string): OtherObject {
  const why = `it is a partition of ${JSON.stringify(table)}, which is read as a whole`;
  return { name, kind: 'table', why, partOf: table, derived: true };
}

function elsewhere(name: string, whole: boolean): OtherObject {
  const why = whole
    ? 'it is a foreign table, whose rows are on another server'
    : 'a partition of it is a foreign table, whose rows are on another server';
  return { name, kind: 'table', why, partOf: null, derived: false };
}

function unpopulated(name: string): OtherObject {
  const why = 'it is a materialised view that has not been filled';
  return { name, kind: 'table', why, partOf: null, derived: true };
}

function columnOf(row: TextRow): { readonly column: ColumnSchema; readonly form: CellForm } {
  const [, name, declaredType, notNull, generated, type, kind, category, schema, element] = row;
  const [, , , , , , , , , , delimiter] = row;
  return {
    column: {
      name: String(name),
      declaredType: String(declaredType),
      notNull: notNull === 't',
      generated: generated === 't',
    },
    form: formOf({
      name: schema === 'pg_catalog' ? String(type) : `${String(schema)}.${String(type)}`,
      isArray: category === 'A' && kind === 'b',
      element: element ?? null,
      delimiter: delimiter ?? ',',
    }),
  };
}

interface Key {
  readonly index: string;
  readonly primary: boolean;
  readonly conditional: boolean;
  readonly columns: readonly string[];
}

function keyOf([, index, primary, conditional, columns]: TextRow): Key {
  return {
    index: String(index),
    primary: primary === 't',
    conditional: conditional === 't',
    columns: JSON.parse(columns ?? '[]') as string[],
  };
}

function keysOf(
  keys: readonly Key[],
): Pick<TableSchema, 'primaryKey' | 'unique' | 'conditionalUnique'> {
  const sets = keys.filter(({ primary, conditional }) => !primary && !conditional);
  const conditional = keys.filter((key) => key.conditional).map(({ index }) => index);
  const texts = [...new Set(sets.map(({ columns }) => JSON.stringify(columns)))].sort(compareNames);
  return {
    primaryKey: keys.find(({ primary }) => primary)?.columns ?? [],
    unique: texts.map((text) => JSON.parse(text) as string[]),
    ...(conditional.length === 0 ? {} : { conditionalUnique: conditional.sort(compareNames) }),
  };
}

function foreignKeyOf([, schema, table, match, columns, to]: TextRow): ForeignKey {
  return {
    columns: JSON.parse(columns ?? '[]') as string[],
    table: nameOf(String(schema), String(table)),
    to: JSON.parse(to ?? '[]') as string[],
    ...(match === 'f' ? { match: 'full' as const } : {}),
  };
}

/** Groups rows by their first cell, which is an oid. */
function grouped<T>(rows: readonly TextRow[], read: (row: TextRow) => T): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const oid = String(row[0]);
    const group = groups.get(oid);
    if (group === undefined) groups.set(oid, [read(row)]);
    else group.push(read(row));
  }
  return groups;
}
