/**
 * Errors of a server that is written to, as Failures. As in connectionFailure.ts, no message of the
 * server is passed on, which may hold values: its SQLSTATE decides, and the names of constraint,
 * column and line that it sends beside the message.
 */

import { Failure } from '../outcome/failure.ts';
import { serverFailure, sqlState } from './connectionFailure.ts';

type Text = readonly [what: string, hint: string];

const AGAIN = 'nothing is lost, run it again to go on';

/** By SQLSTATE, or by its first two characters. */
const STATES: ReadonlyMap<string, Text> = new Map<string, Text>([
  [
    '42501',
    [
      'the user has no permission to write this',
      'grant CREATE on the database, or on tables that are there SELECT and INSERT, and USAGE on their schema',
    ],
  ],
  ['53100', ['the disk of the server is full', `free space there; ${AGAIN}`]],
  ['53300', ['the server takes no more connections', `end other clients; ${AGAIN}`]],
  ['53', ['the server has no resources left', `see its log; ${AGAIN}`]],
  ['55P03', ['another session holds a lock', `wait until it has ended; ${AGAIN}`]],
  ['40P01', ['the server ended this session, as two waited for each other', AGAIN]],
  ['57014', ['the server cancelled a statement', `find out why; ${AGAIN}`]],
  ['57P', ['the server ended the connection', `see its log; ${AGAIN}`]],
  ['57P03', ['the server is starting or stopping', `wait until it is up; ${AGAIN}`]],
  ['25006', ['the server only lets read, as a standby does', 'name the primary']],
  [
    '22001',
    ['a text is longer than its column', 'make the column longer, or set maxLength in the mapping'],
  ],
  ['22003', ['a number is beyond the range of its column', 'give the column a wider type']],
  ['22008', ['a time is beyond the range of its column', 'give the column another type']],
  [
    '22021',
    [
      'the database has an encoding other than UTF-8, which lacks a character',
      'load into a database with encoding UTF8',
    ],
  ],
  [
    '22P05',
    [
      'the database has an encoding other than UTF-8, which lacks a character',
      'load into a database with encoding UTF8',
    ],
  ],
  [
    '23502',
    ['a column that may not be null gets no value', 'give it a default, or allow null there'],
  ],
  [
    '23503',
    [
      'a record refers to one that is not there',
      'see sealift scan-all, rule reference; leave the constraint out with --without NAME',
    ],
  ],
  [
    '23505',
    [
      'values that have to be unique occur twice',
      'see sealift scan-all, rule unique; leave the constraint out with --without NAME',
    ],
  ],
  ['23514', ['a value is not one that a check allows', 'change the check of the table']],
  [
    '54000',
    [
      'a value is too long for an index, or a row for the server',
      'leave the constraint out with --without NAME, or the field out of the mapping',
    ],
  ],
]);

/** Returns the Failure that an error of a statement or a connection stands for; `where` names the place. */
export function targetFailure(error: unknown, where: string): Failure {
  if (error instanceof Failure && error.code === 'TARGET') return error;
  const state = sqlState(error instanceof Failure ? error.cause : error);
  const text =
    state === null
      ? undefined
      : (STATES.get(state) ?? STATES.get(state.slice(0, 3)) ?? STATES.get(state.slice(0, 2)));
  if (text !== undefined) {
    const [what, hint] = text;
    return new Failure('TARGET', { what, where: withNames(where, error), hint, cause: error });
  }
  const read = serverFailure(error, where);
  return new Failure('TARGET', {
    what: read.message,
    where: read.where ?? where,
    ...(read.hint === undefined ? {} : { hint: read.hint }),
    cause: error,
  });
}

/** Adds the names that the server sends in fields of their own, which hold no values. */
function withNames(where: string, error: unknown): string {
  const { table, column, constraint } = Object(error) as Record<string, unknown>;
  const names = [
    typeof table === 'string' && !where.includes(table) ? [`table ${JSON.stringify(table)}`] : [],
    typeof column === 'string' ? [`column ${JSON.stringify(column)}`] : [],
    typeof constraint === 'string' ? [`constraint ${JSON.stringify(constraint)}`] : [],
  ].flat();
  return [where, ...names].join(', ');
}

export interface CopyPlace {
  /** 1-based line of the COPY. */
  readonly line: number;
  readonly column: string | null;
}

/** Returns where a COPY failed, from its context, of which the value at the end is left out. */
export function copyPlace(error: unknown): CopyPlace | null {
  const { where } = Object(error) as Record<string, unknown>;
  const text = typeof where === 'string' ? where : '';
  const match = /^COPY .*?, line (\d+)(?:, column ([^:]*))?(?::|$)/m.exec(text);
  if (match === null) return null;
  return { line: Number(match[1]), column: match[2] ?? null };
}
