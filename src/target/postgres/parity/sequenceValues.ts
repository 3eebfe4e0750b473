/** Compares how far the sequences of two schemas have come. */

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

/** What of the sequences' values is missing: those that are new, and those that would repeat a value. */
export interface SequenceValues {
  readonly live: number;
  readonly fresh: number;
  readonly rows: readonly { readonly listed: Listed; readonly state: 'missing' | 'different' }[];
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
    const other = theirs.get(key);
    if (other !== undefined && !wouldRepeat(other, position)) return [];
    const state = other === undefined ? ('missing' as const) : ('different' as const);
    return [{ listed: listedOf(key, position, other?.name ?? position.name), state }];
  });
  return { live: ours.size, fresh: theirs.size, rows };
}

/** Whether one sequence would give values again that another has given. */
function wouldRepeat(one: Position, other: Position): boolean {
  return other.increment > 0n ? one.next < other.next : one.next > other.next;
}

/** The sequence is named by its name in the target, in a text, as setval takes it. */
function listedOf(key: string, { last, isCalled }: Position, target: string): Listed {
  const sql = `SELECT pg_catalog.setval(${quoteText(target)}, ${last}, ${String(isCalled)})`;
  return { kind: SEQUENCE_VALUE, key, definition: '', what: `value of ${key}`, sql };
}
