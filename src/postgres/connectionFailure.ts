/**
 * Errors of a server or of the connection to it, as Failures. Messages of a server may hold values of
 * rows, so none is passed on: its SQLSTATE decides, and names come from the caller.
 * See https://www.postgresql.org/docs/current/errcodes-appendix.html.
 */

import { Failure, type FailureCode, type FailureDetail } from '../outcome/failure.ts';

type Text = readonly [code: FailureCode, what: string, hint: string];

const CHECK_SERVER = 'check that it runs, and the host and port';

/** By SQLSTATE, or by the first characters of some. */
const STATES: ReadonlyMap<string, Text> = new Map<string, Text>([
  [
    '28P01',
    [
      'SOURCE_MISSING',
      'the server rejected the user or the password',
      'set PGPASSWORD, or add a line to ~/.pgpass, and check the user in the URL',
    ],
  ],
  [
    '28000',
    [
      'SOURCE_MISSING',
      'the server does not accept this user from here, or not in this way',
      'check the user, the TLS mode (sslmode), and the rules in its pg_hba.conf',
    ],
  ],
  [
    '3D000',
    [
      'SOURCE_MISSING',
      'the server has no such database',
      'check the name of the database at the end of the URL',
    ],
  ],
  [
    '42501',
    [
      'SOURCE_LOCKED',
      'the user has no permission to read this',
      'grant it SELECT there and USAGE on the schema, or drop the table in the mapping',
    ],
  ],
  [
    '42P01',
    ['SOURCE_SCHEMA', 'the server has no such table', 'check the mapping against the database'],
  ],
  [
    '42703',
    ['SOURCE_SCHEMA', 'the table has no such column', 'check the mapping against the database'],
  ],
  [
    '53300',
    [
      'SOURCE_LOCKED',
      'the server takes no more connections',
      'run with fewer --workers, or end other clients',
    ],
  ],
  [
    '22021',
    [
      'SOURCE_FORMAT',
      'a text is not valid in the encoding of the database',
      'correct it there, or restore a dump into a database of the encoding that its texts have',
    ],
  ],
  [
    '53200',
    [
      'SOURCE_LOCKED',
      'the server has no memory left, or not for as many locks',
      'raise its max_locks_per_transaction, or run with fewer --workers',
    ],
  ],
  [
    '55P03',
    [
      'SOURCE_LOCKED',
      'another session holds a lock on a table',
      'wait until it has ended, then run again',
    ],
  ],
  [
    '57014',
    [
      'SOURCE_LOCKED',
      'the server cancelled a statement',
      'find out whether a person or a timeout of the server cancelled it, then run again',
    ],
  ],
  [
    '40001',
    [
      'SOURCE_CHANGED',
      'the server ended the snapshot, as a standby does for its recovery',
      'read the primary, or let the standby wait longer (max_standby_streaming_delay)',
    ],
  ],
  [
    '25P',
    [
      'SOURCE_MISSING',
      'a timeout of the server ended the connection',
      'turn it off for this user, then run again',
    ],
  ],
  ['57P', ['SOURCE_MISSING', 'the server ended the connection', 'see its log, then run again']],
  [
    '57P03',
    ['SOURCE_MISSING', 'the server is starting or stopping', 'wait until it is up, then run again'],
  ],
  [
    '58',
    [
      'SOURCE_FORMAT',
      'the server could not read its own files',
      'see its log; the database may be damaged, so restore a backup and read that',
    ],
  ],
  [
    'XX',
    [
      'SOURCE_FORMAT',
      'the server found its data damaged, or has a defect',
      'see its log, check the database with pg_amcheck, and read an intact copy',
    ],
  ],
]);

const HIDDEN_ROWS: Text = [
  'SOURCE_LOCKED',
  'a row security policy would hide rows of this table from the user',
  'read as a role with BYPASSRLS, or drop the table in the mapping',
];

/** Whether the server refused to read a table because of its policies; it says so by no SQLSTATE. */
function isAboutPolicies(error: unknown): boolean {
  return (error as { routine?: unknown }).routine === 'check_enable_rls';
}

/** Returns the SQLSTATE of a server's error; null for any other error. */
export function sqlState(error: unknown): string | null {
  const code: unknown = error instanceof Error ? (error as { code?: unknown }).code : null;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : null;
}

/**
 * Returns the Failure that an error of a statement or a connection stands for; a Failure is returned
 * as it is. `where` names server and table.
 */
export function serverFailure(error: unknown, where: string): Failure {
  if (error instanceof Failure) return error;
  if (sqlState(error) === '42501' && isAboutPolicies(error))
    return failure(HIDDEN_ROWS, where, error);
  const state = sqlState(error);
  const text =
    state === null
      ? null
      : (STATES.get(state) ?? STATES.get(state.slice(0, 3)) ?? STATES.get(state.slice(0, 2)));
  if (text !== null && text !== undefined) return failure(text, where, error);
  if (state !== null) {
    return failure(
      ['SOURCE_FORMAT', `the server rejected a statement (SQLSTATE ${state})`, 'see its log'],
      where,
      error,
    );
  }
  return lostConnection(error, where);
}

const NETWORK: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'no server answers there'],
  ['ENOTFOUND', 'the host is not known'],
  ['EAI_AGAIN', 'the host is not known'],
  ['EHOSTUNREACH', 'the host cannot be reached'],
  ['ENETUNREACH', 'the host cannot be reached'],
  ['ENOENT', 'there is no socket of a server there'],
  ['EACCES', 'the socket of the server may not be opened'],
]);

const CUT_OFF = 'the connection to the server was lost';

/** Whether the other side closed the connection without a word, or its last words came too late. */
export function wasCutOff(error: unknown): boolean {
  return error instanceof Failure && error.message === CUT_OFF;
}

function lostConnection(error: unknown, where: string): Failure {
  const { code, message = '' } = Object(error) as { code?: string; message?: string };
  const network = NETWORK.get(code ?? '');
  if (network !== undefined)
    return failure(['SOURCE_MISSING', network, CHECK_SERVER], where, error);
  if (/does not support SSL/.test(message)) {
    return failure(
      [
        'SOURCE_MISSING',
        'the server offers no TLS, and sslmode asks for it',
        'turn TLS on at the server, or choose sslmode=prefer where the network can be trusted',
      ],
      where,
      error,
    );
  }
  if (isCertificateError(code ?? '', message)) {
    return failure(
      [
        'SOURCE_MISSING',
        'the certificate of the server is not trusted, or is for another host',
        'name the certificate of its authority with sslrootcert, and the host as in the certificate',
      ],
      where,
      error,
    );
  }
  if (/timeout expired|timed out/.test(message)) {
    return failure(
      ['SOURCE_MISSING', 'the server does not answer in time', CHECK_SERVER],
      where,
      error,
    );
  }
  return failure(['SOURCE_MISSING', CUT_OFF, 'see its log, then run again'], where, error);
}

function isCertificateError(code: string, message: string): boolean {
  return (
    /^(?:ERR_TLS|CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|ERR_SSL|ERR_OSSL)/.test(code) ||
    /self.signed certificate|certificate/.test(message)
  );
}

function failure([code, what, hint]: Text, where: string, cause: unknown): Failure {
  const detail: FailureDetail = { what, where, hint, cause };
  return new Failure(code, detail);
}
