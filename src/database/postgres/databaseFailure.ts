/**
 * Errors of an application's server, as Failures. No message of the server is passed on, which may hold
 * values: its SQLSTATE decides, and the names of column and constraint that it sends beside the message.
 */

import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { serverFailure, sqlState } from '../../postgres/connectionFailure.ts';

type Text = readonly [what: string, hint: string];

const UNDONE = 'the batch was undone';

/** SQLSTATE of a division by zero, by which a statement gives up a batch that a trigger changed. */
const DIVISION_BY_ZERO = '22012';

const STATES: ReadonlyMap<string, Text> = new Map<string, Text>([
  ['25006', ['the server only lets read, as a standby does', 'name the primary']],
  ['42501', ['the user has no permission for this', 'grant it what docs/databases.md lists']],
  ['53100', ['the disk of the server is full', `${UNDONE}; free space there, then run again`]],
  ['53300', ['the server takes no more connections', 'end other clients, then run again']],
  ['22001', ['a text is longer than its column', `${UNDONE}; make the column longer`]],
  ['22003', ['a number is beyond the range of its column', `${UNDONE}; give it a wider type`]],
  ['23', ['a constraint of the table refused a change', `${UNDONE}; see what the table requires`]],
  ['P0001', ['a trigger of the table refused a change', `${UNDONE}; see what the table requires`]],
  [
    DIVISION_BY_ZERO,
    ['a trigger changed what was written', `${UNDONE}; see the triggers of the table`],
  ],
  [
    '57014',
    ['the server cancelled a statement', `${UNDONE}; find out who cancelled it, then run again`],
  ],
]);

/** The lock of another session, or two sessions that wait for each other. */
const LOCKED = '55P03';
const AGAIN = new Set(['40P01', '40001']);

const GONE =
  'the last batch is done as a whole or not at all; see the log of the server, run again';

/** Returns the Failure that an error stands for; `where` names the place. */
export function databaseFailure(error: unknown, where: string): Failure {
  if (error instanceof Failure && (error.code === 'TARGET' || error.code === 'BUSY')) return error;
  const state = sqlState(error instanceof Failure ? error.cause : error);
  if (state === LOCKED || (state !== null && AGAIN.has(state))) {
    return new Failure('BUSY', {
      what: 'another session holds the lock of a row or table',
      where,
      hint: `${UNDONE}; wait until that session has ended, or allow more time, then run again`,
      cause: error,
    });
  }
  const text = state === null ? undefined : (STATES.get(state) ?? STATES.get(state.slice(0, 2)));
  if (text !== undefined) {
    return new Failure('TARGET', {
      what: text[0],
      where: [where, ...namesOf(error)].join(', '),
      hint: text[1],
      cause: error,
    });
  }
  const read = serverFailure(error, where);
  const isGone = state === null || state.startsWith('57P') || state.startsWith('25P');
  return new Failure('TARGET', {
    what: read.message,
    where: read.where ?? where,
    ...(isGone && read.message.includes('connection')
      ? { hint: GONE }
      : read.hint === undefined
        ? {}
        : { hint: read.hint }),
    cause: error,
  });
}

function namesOf(error: unknown): string[] {
  const { column, constraint } = Object(error) as Record<string, unknown>;
  return [
    typeof column === 'string' ? [`column ${quoteName(column)}`] : [],
    typeof constraint === 'string' ? [`constraint ${quoteName(constraint)}`] : [],
  ].flat();
}

/** Whether a statement may be repeated: the server undid it, as two sessions met. */
export function isUndone(error: unknown): boolean {
  const state = error instanceof Failure ? sqlState(error.cause) : null;
  return state !== null && AGAIN.has(state);
}
