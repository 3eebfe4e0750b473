/**
 * How far the sequences of two schemas have come. Those that both have go on after the swap where what was
 * live had come to, so that no number is given out twice; those that are new begin there.
 */

import type { Connection } from '../../../postgres/connect.ts';
import { quote, quoteText } from '../../../sql/quote.ts';
import { placeName, readIn } from './listSchema.ts';
import type { Listed, ListedPlace } from './parityKind.ts';
import { SEQUENCE_NAMES } from './valueKinds.ts';

export const SEQUENCE_VALUE = 'sequence value';

/** A sequence, and what nextval will return. */
interface Position {
  /** Name as the server quotes it. */
  readonly name: string;
  readonly last: string;
  readonly isCalled: boolean;
  readonly next: bigint;
  readonly increment: bigint;
}

/** Positions by the key of a sequence. */
type Positions = ReadonlyMap<string, Position>;

/** Sequences that are read by one statement. */
const AT_ONCE = 500;

async function positionsIn(connection: Connection, place: ListedPlace): Promise<Positions> {
  const listed = (await readIn(connection, place.schema, SEQUENCE_NAMES.query(place))).map(
    (row) => JSON.parse(row) as [key: string, name: string, increment: string],
  );
  const found = new Map<string, Position>();
  for (let from = 0; from < listed.length; from += AT_ONCE) {
    const part = listed.slice(from, from + AT_ONCE);
    const sql = part.map(([, name], index) => {
      return `SELECT ${index} AS place, last_value, is_called FROM ${quote(place.schema)}.${name}`;
    });
    const rows = await connection.query(sql.join(' UNION ALL '), placeName(place.schema));
    for (const [index, last, called] of rows) {
      const [key = '', name = '', increment = '1'] = part[Number(index)] ?? [];
      const step = BigInt(increment);
      const isCalled = called === 't';
      const next = BigInt(last ?? 0) + (isCalled ? step : 0n);
      found.set(key, { name, last: String(last), isCalled, next, increment: step });
    }
  }
  return found;
}

/** The values of the sequences that the new schema lacks. */
export interface SequenceValues {
  readonly live: number;
  readonly fresh: number;
  readonly rows: readonly { readonly listed: Listed; readonly state: 'missing' }[];
}

/** Compares the values of sequences. @throws Failure */
export async function sequenceValues(
  connection: Connection,
  live: ListedPlace,
  fresh: ListedPlace,
): Promise<SequenceValues> {
  const [ours, theirs] = [
    await positionsIn(connection, live),
    await positionsIn(connection, fresh),
  ];
  const rows = [...ours].flatMap(([key, position]) => {
    if (theirs.has(key)) return [];
    return [{ listed: listedOf(key, position), state: 'missing' as const }];
  });
  return { live: ours.size, fresh: theirs.size, rows };
}

/**
 * Returns the statements by which the sequences of the new schema go on after those of what is live; those
 * that are further already stay. @throws Failure
 */
export async function carryOn(
  connection: Connection,
  live: string,
  fresh: string,
): Promise<string[]> {
  const [[version] = []] = await connection.query(`SELECT current_setting('server_version_num')`);
  const place = { target: fresh, version: Number(version) };
  const ours = await positionsIn(connection, { ...place, schema: live });
  const theirs = await positionsIn(connection, { ...place, schema: fresh });
  return [...ours].flatMap(([key, { last, isCalled, ...position }]) => {
    const other = theirs.get(key);
    if (other === undefined || !wouldRepeat(other, position)) return [];
    const name = quoteText(`${quote(fresh)}.${other.name}`);
    return [`SELECT pg_catalog.setval(${name}, ${last}, ${String(isCalled)})`];
  });
}

/** Whether one sequence would give values again that another has given. */
type Next = Pick<Position, 'next' | 'increment'>;

function wouldRepeat(one: Next, other: Next): boolean {
  return other.increment > 0n ? one.next < other.next : one.next > other.next;
}

/** The sequence is named as in what is live, in a text, as setval takes it. */
function listedOf(key: string, { name, last, isCalled }: Position): Listed {
  const sql = `SELECT pg_catalog.setval(${quoteText(name)}, ${last}, ${String(isCalled)})`;
  return { kind: SEQUENCE_VALUE, key, definition: '', what: `value of ${key}`, sql };
}
