/**
 * A source behind a network, with a protocol that is made up (server.ts), to see that the contract fits
 * one: it has a password, connections that are lost and cancelled, snapshots by name, and cells that
 * arrive as bytes. `net://USER@HOST:PORT/DATABASE`; the password is in the URL or in NET_PASSWORD.
 */

import { connect as connectTo, type Socket } from 'node:net';

import { Failure } from '../../../src/outcome/failure.ts';
import { CELL, rowsOf, type CellPage } from '../../../src/source/cellPage.ts';
import { countOnce } from '../../../src/source/countOnce.ts';
import { compareNames } from '../../../src/source/nameOrder.ts';
import type {
  PreparedSource,
  PrepareOptions,
  ReadRange,
  SourceAdapter,
  SourceHandle,
  SourceLocation,
  SourceReader,
  TableSchema,
} from '../../../src/source/source.ts';
import type { Request } from './server.ts';

const SCHEME = 'net';
const PAGE_ROWS = 1000;
const URL_FORM = /^\/\/([^:@/]+)(?::([^@/]*))?@([^:@/]+):([0-9]+)\/(\w+)$/;

interface NetworkLocation extends SourceLocation {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Null where it comes from the environment. */
  readonly password: string | null;
  readonly database: string;
}

export const networkAdapter: SourceAdapter = {
  scheme: SCHEME,
  usage: 'net://USER@HOST:PORT/DATABASE',
  dialect: null,
  declared: () => ({ family: 'text' }),
  showLocator: (locator) =>
    `(${Math.floor(Number(locator) / 2 ** 16)},${Number(locator) % 2 ** 16})`,
  parse(rest): NetworkLocation {
    const [, user, password, host, port, database] = URL_FORM.exec(rest) ?? [];
    if (user === undefined || host === undefined || database === undefined) {
      throw new Failure('USAGE', {
        what: 'the URL of a network source is written otherwise',
        hint: 'write net://USER@HOST:PORT/DATABASE',
      });
    }
    return { scheme: SCHEME, host, port: Number(port), user, password: password ?? null, database };
  },
  format: (location) => `//${String(location['user'])}@${labelOf(location as NetworkLocation)}`,
  prepare: (location, options) => prepare(location as NetworkLocation, options),
  open,
};

function labelOf({ host, port, database }: NetworkLocation): string {
  return `${host}:${port}/${database}`;
}

async function prepare(given: NetworkLocation, options: PrepareOptions): Promise<PreparedSource> {
  const { variables, timeouts, signal } = options;
  const location = { ...given, password: given.password ?? variables['NET_PASSWORD'] ?? '' };
  const session = await connect(location, timeouts.connectMs, signal);
  const columnsOf = new Map(
    JSON.parse((await orEnd(session, { op: 'tables' })).toString()) as [string, string[]][],
  );
  const counts = countOnce(async (table) =>
    Number((await session.ask({ op: 'count', table })).toString()),
  );
  const count = async (table: string): Promise<number> => {
    if (!columnsOf.has(table)) throw noTable(labelOf(location));
    return counts.count(table);
  };
  return {
    label: labelOf(location),
    schema: { tables: [...columnsOf].map(schemaOf).sort((a, b) => compareNames(a.name, b.name)) },
    relations: new Map(),
    estimatedBytes: null,
    async plan(table, rows) {
      const all = await count(table);
      const step = Math.max(1, Math.floor(rows));
      const starts = Array.from(
        { length: Math.max(1, Math.ceil(all / step)) },
        (_, at) => at * step,
      );
      return starts.map((from) => ({ from, to: Math.min(all, from + step) }));
    },
    count,
    async inOneSnapshot(openReaders) {
      const snapshot = (await session.ask({ op: 'begin' })).toString();
      counts.forget();
      return openReaders({ scheme: SCHEME, location, snapshot, connectMs: timeouts.connectMs });
    },
    // The server keeps the snapshot.
    async assertUnchanged() {
      signal.throwIfAborted();
    },
    async close() {
      session.end();
    },
  };
}

function schemaOf([name, columns]: [string, readonly string[]]): TableSchema {
  return {
    name,
    kind: 'table',
    locator: 'ctid',
    columns: columns.map((column) => {
      return { name: column, declaredType: 'text', notNull: false, generated: false };
    }),
    primaryKey: [],
    unique: [],
    foreignKeys: [],
  };
}

async function open(handle: SourceHandle, signal: AbortSignal): Promise<SourceReader> {
  const location = handle['location'] as NetworkLocation;
  const session = await connect(location, Number(handle['connectMs']), signal);
  await orEnd(session, { op: 'join', snapshot: String(handle['snapshot']) });
  async function* readCells(
    table: string,
    columns: readonly string[],
    range: ReadRange,
  ): AsyncGenerator<CellPage, void, undefined> {
    const to = Number(range['to']);
    for (let from = Number(range['from']); from < to; from += PAGE_ROWS) {
      const rows = Math.min(PAGE_ROWS, to - from);
      const bytes = await session.ask({ op: 'read', table, columns, from, rows });
      yield pageOf(bytes, rows, columns.length);
    }
    // A table without rows and a column that is not there: the server says so.
    await session.ask({ op: 'read', table, columns, from: 0, rows: 0 });
  }
  return {
    readCells,
    async *read(table, columns, range) {
      for await (const page of readCells(table, columns, range)) yield rowsOf(page);
    },
    async close() {
      session.end();
    },
  };
}

/** Moves the cells together; no text is made of any. */
function pageOf(received: Buffer, rows: number, columns: number): CellPage {
  const cells = rows * columns;
  const page = {
    rows,
    columns,
    bytes: new Uint8Array(received.length),
    ends: new Uint32Array(cells),
    kinds: new Uint8Array(cells),
    locators: new BigInt64Array(rows),
  };
  let [at, end] = [0, 0];
  for (let row = 0; row < rows; row += 1) {
    for (let cell = row * columns; cell < (row + 1) * columns; cell += 1) {
      const length = received.readInt32LE(at);
      at += 4;
      page.kinds[cell] = length < 0 ? CELL.null : CELL.text;
      if (length > 0) page.bytes.set(received.subarray(at, at + length), end);
      at += Math.max(0, length);
      end += Math.max(0, length);
      page.ends[cell] = end;
    }
    page.locators[row] = received.readBigInt64LE(at);
    at += 8;
  }
  return page;
}

interface Session {
  /** Sends a request; its answers come in the order of the requests. @throws Failure, or what aborted it */
  ask(request: Request): Promise<Buffer>;
  end(): void;
}

async function connect(
  location: NetworkLocation,
  connectMs: number,
  signal: AbortSignal,
): Promise<Session> {
  signal.throwIfAborted();
  const socket = connectTo({ host: location.host, port: location.port });
  const stop = (): void => {
    socket.destroy(signal.reason as Error);
  };
  signal.addEventListener('abort', stop, { once: true });
  socket.once('close', () => {
    signal.removeEventListener('abort', stop);
  });
  socket.setTimeout(connectMs, () => {
    socket.destroy(new Error('no answer'));
  });
  const session = sessionOn(socket, location, signal);
  const { password } = location;
  await orEnd(session, { op: 'login', ...(password === null ? {} : { password }) });
  socket.setTimeout(0);
  return session;
}

/** Nothing stays open that could not begin. */
async function orEnd(session: Session, request: Request): Promise<Buffer> {
  try {
    return await session.ask(request);
  } catch (error) {
    session.end();
    throw error;
  }
}

function sessionOn(socket: Socket, location: NetworkLocation, signal: AbortSignal): Session {
  const frames = framesOf(socket);
  let tail: Promise<unknown> = Promise.resolve();
  const exchange = async (request: Request): Promise<Buffer> => {
    signal.throwIfAborted();
    let frame: IteratorResult<Buffer, void>;
    try {
      socket.write(`${JSON.stringify(request)}\n`);
      frame = await frames.next();
    } catch (cause) {
      signal.throwIfAborted();
      throw unreachable(location, cause);
    }
    signal.throwIfAborted();
    if (frame.done === true) throw unreachable(location, null);
    if (frame.value[0] !== 0) throw refused(request, location);
    return frame.value.subarray(1);
  };
  return {
    ask(request) {
      const answer = tail.then(() => exchange(request));
      tail = answer.catch(() => null);
      return answer;
    },
    end() {
      socket.destroy();
    },
  };
}

async function* framesOf(socket: Socket): AsyncGenerator<Buffer, void, undefined> {
  let held = Buffer.alloc(0);
  for await (const chunk of socket) {
    held = Buffer.concat([held, chunk as Buffer]);
    while (held.length >= 4 && held.length >= 4 + held.readUInt32LE(0)) {
      const end = 4 + held.readUInt32LE(0);
      yield held.subarray(4, end);
      held = held.subarray(end);
    }
  }
}

function unreachable(location: NetworkLocation, cause: unknown): Failure {
  return new Failure('SOURCE_MISSING', {
    what: 'the server does not answer',
    where: labelOf(location),
    hint: 'check that it runs, and host and port',
    cause,
  });
}

function refused({ op }: Request, location: NetworkLocation): Failure {
  if (op !== 'login') return noTable(labelOf(location));
  return new Failure('SOURCE_MISSING', {
    what: 'the server does not let this user in',
    where: labelOf(location),
    hint: 'set NET_PASSWORD',
  });
}

function noTable(where: string): Failure {
  return new Failure('SOURCE_SCHEMA', {
    what: 'the server has no such table or column',
    where,
    hint: 'check the mapping against the tables',
  });
}
