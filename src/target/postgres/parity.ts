/**
 * Compares the schema that is live with the one that takes its name, object by object, and writes the
 * file of statements that make what is missing. Only reads; the file is for a person to review and apply.
 */

import type { Connection } from '../../postgres/connect.ts';
import { quote } from '../../sql/quote.ts';
import type { Missing, Parity } from '../parity.ts';
import { applyOrder } from './parity/applyOrder.ts';
import { FUNCTION_KINDS, POLICY_KINDS, TRIGGER_KINDS, VIEW_KINDS } from './parity/codeKinds.ts';
import { COMMENT_KINDS } from './parity/commentKinds.ts';
import {
  CONSTRAINT_KINDS,
  INDEX_KINDS,
  REPLICA_KINDS,
  STATISTICS_KINDS,
} from './parity/constraintKinds.ts';
import { dependenciesIn } from './parity/homes.ts';
import { listSchema, pathOf } from './parity/listSchema.ts';
import { OTHER_KINDS, PUBLICATION_KINDS } from './parity/noteKinds.ts';
import { OUTSIDE_KINDS } from './parity/outsideKinds.ts';
import type { KindGroup, Listed, ListedPlace } from './parity/parityKind.ts';
import { DEFAULT_PRIVILEGE_KINDS, GRANT_KINDS, OWNER_KINDS } from './parity/rightKinds.ts';
import { SEQUENCE_VALUE, sequenceValues } from './parity/sequenceValues.ts';
import { COLUMN_KINDS, STORAGE_KINDS, TABLE_KINDS } from './parity/tableKinds.ts';
import { TYPE_KINDS } from './parity/typeKinds.ts';
import { DEFAULT_KINDS, OWNED_SEQUENCE_KINDS, SEQUENCE_KINDS } from './parity/valueKinds.ts';

/** In the order of their statements, but for what depends on one another. */
const GROUPS: readonly KindGroup[] = [
  ...TYPE_KINDS,
  ...SEQUENCE_KINDS,
  ...TABLE_KINDS,
  ...COLUMN_KINDS,
  ...DEFAULT_KINDS,
  ...OTHER_KINDS,
  ...FUNCTION_KINDS,
  ...VIEW_KINDS,
  ...CONSTRAINT_KINDS,
  ...INDEX_KINDS,
  ...TRIGGER_KINDS,
  ...POLICY_KINDS,
  ...STATISTICS_KINDS,
  ...REPLICA_KINDS,
  ...STORAGE_KINDS,
  ...OWNER_KINDS,
  // The owner of a sequence is that of its table.
  ...OWNED_SEQUENCE_KINDS,
  ...GRANT_KINDS,
  ...DEFAULT_PRIVILEGE_KINDS,
  ...PUBLICATION_KINDS,
  ...COMMENT_KINDS,
  ...OUTSIDE_KINDS,
];

/** All kinds, in that order; values of sequences come once defaults and identities have made them. */
const KINDS: readonly string[] = GROUPS.flatMap((group) =>
  DEFAULT_KINDS.at(-1) === group ? [...group.kinds, SEQUENCE_VALUE] : group.kinds,
);

interface Entry {
  readonly listed: Listed;
  readonly state: Missing['state'];
  /** Whether an object of another kind has the name. */
  readonly isTaken?: boolean;
}

/**
 * Compares two schemas, within a transaction that the caller has begun; leaves its settings as they are.
 * @throws Failure if the server refuses to tell, or TARGET if a schema hides operators of the server
 */
export async function parityOf(
  connection: Connection,
  live: string,
  fresh: string,
): Promise<Parity> {
  const [[version] = []] = await connection.query(`SELECT current_setting('server_version_num')`);
  const ours: ListedPlace = { schema: live, target: fresh, version: Number(version) };
  const theirs: ListedPlace = { ...ours, schema: fresh };
  const here = await listSchema(connection, GROUPS, ours);
  const there = await listSchema(connection, GROUPS, theirs);
  const values = await sequenceValues(connection, ours, theirs);
  const entries = withoutParts([...compared(here, there), ...values.rows]);
  const sorted = applyOrder(entries.toSorted(byKind), await dependenciesIn(connection, ours));
  return {
    kinds: KINDS.map((kind) => {
      const missing = entries.filter(({ listed }) => listed.kind === kind).length;
      return kind === SEQUENCE_VALUE
        ? { kind, live: values.live, fresh: values.fresh, missing }
        : { kind, live: countOf(here, kind), fresh: countOf(there, kind), missing };
    }),
    missing: sorted.map(missingOf),
  };
}

function countOf(all: readonly Listed[], kind: string): number {
  return all.filter((one) => one.kind === kind && one.implied !== true).length;
}

/** Orders by kind, then by what a person reads, so that the same schemas give the same file. */
function byKind({ listed: one }: Entry, { listed: other }: Entry): number {
  const kind = KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind);
  if (kind !== 0 || one.what === other.what) return kind;
  return one.what < other.what ? -1 : 1;
}

/** Returns what of the live schema is not in the new one, or is other there. */
function compared(live: readonly Listed[], fresh: readonly Listed[]): Entry[] {
  const there = new Map(fresh.map((one) => [idOf(one), one]));
  const names = new Map(fresh.map(({ alias, kind }) => [alias, kind]));
  const once = [...new Map(live.map((one) => [idOf(one), one])).values()];
  return once.flatMap((listed): Entry[] => {
    if (listed.bound === true) return [{ listed, state: 'bound' }];
    const other = there.get(idOf(listed));
    if (other !== undefined) {
      return other.definition === listed.definition ? [] : [{ listed, state: 'different' }];
    }
    if (listed.implied === true) return [];
    const namesake = listed.alias === undefined ? undefined : names.get(listed.alias);
    if (namesake === undefined) return [{ listed, state: 'missing' }];
    return [{ listed, state: 'different', isTaken: namesake !== listed.kind }];
  });
}

function idOf({ kind, key }: Listed): string {
  return `${kind}\0${key}`;
}

/** Leaves out what is made with what it is a part of: a column with its table, or a default with its column. */
function withoutParts(entries: readonly Entry[]): Entry[] {
  const missing = new Set(
    entries.flatMap(({ listed, state }) =>
      state === 'missing' && listed.node !== undefined ? [listed.node] : [],
    ),
  );
  const isPart = ({ listed: { partOf } }: Entry): boolean =>
    partOf !== undefined && missing.has(partOf);
  for (const entry of entries.filter(isPart)) missing.delete(entry.listed.node ?? '');
  return entries.filter((entry) => !isPart(entry));
}

function missingOf({ listed, state, isTaken = false }: Entry): Missing {
  const { kind, what, sql, change, hand } = listed;
  if (isTaken) {
    return { kind, what, state, sql: null, byHand: 'rename what has this name in the new schema' };
  }
  const statements = (state === 'different' && change !== undefined ? change : sql) ?? null;
  const byHand = statements === null ? (hand ?? 'make it as it is in the live schema') : null;
  return { kind, what, state, sql: statements, byHand };
}

/** What the file is about: names of the schemas, and the server and database. */
export interface ParityFile {
  readonly live: string;
  readonly fresh: string;
  readonly label: string;
}

/** Returns the text of the file that makes what is missing. Pure. */
export function paritySql({ missing }: Parity, { live, fresh, label }: ParityFile): string {
  const made = missing.flatMap(({ kind, what, state, sql }) => {
    return sql === null ? [] : [`${commented(`${kind}, ${state}: ${what}`)}\n${sql};`];
  });
  const byHand = missing.flatMap(({ what, byHand }) => {
    return byHand === null ? [] : [commented(`${what}: ${byHand}`)];
  });
  return `${[
    commented(
      `What schema ${quote(live)} has, and schema ${quote(fresh)} lacks, on ${label}.`,
      'Written by sealift promote. Review each statement, then apply the file as a role that may do',
      'all of it, before the schemas are swapped:',
      '  psql -X -v ON_ERROR_STOP=1 -f THIS_FILE "DATABASE"',
      'Then run the dry run of sealift promote again: it finds what is left.',
      'Names without a schema are those of the new one. Objects of other schemas are bound to it at once.',
    ),
    [
      'BEGIN;',
      `SET LOCAL search_path = ${pathOf(fresh)};`,
      // As the definitions were written.
      `SET LOCAL client_encoding = 'UTF8';`,
      'SET LOCAL standard_conforming_strings = on;',
      // Bodies of functions may name what is made after them.
      'SET LOCAL check_function_bodies = off;',
    ].join('\n'),
    ...made,
    ...(byHand.length === 0
      ? []
      : [commented('By hand, as no statement can be given:'), ...byHand]),
    'COMMIT;',
  ].join('\n\n')}\n`;
}

/** Makes a comment of lines; line breaks within a name do not end it. */
function commented(...lines: readonly string[]): string {
  return lines.map((line) => `-- ${line.replaceAll(/[\r\n]+\s*/g, ' ')}`).join('\n');
}
