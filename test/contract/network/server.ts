/**
 * A made-up database on localhost, for the adapter beside it. A client sends a line of JSON, and gets
 * one frame: four bytes of length (little-endian), one of status (0 is done, 1 is refused), then bytes.
 *
 * A snapshot is what the tables were when a client began it; others join it by its name until that
 * client has gone.
 */

import { createServer, type AddressInfo, type Socket } from 'node:net';

export type Cells = readonly (string | null)[];

export interface ServedTable {
  readonly columns: readonly string[];
  readonly rows: readonly Cells[];
}

export interface Server {
  readonly port: number;
  /** How often each table was counted. */
  readonly counted: ReadonlyMap<string, number>;
  /** Clients that are connected. */
  readonly clients: () => number;
  /** Another state of the tables; snapshots keep theirs. */
  write(tables: ReadonlyMap<string, ServedTable>): void;
  /** Goes silent: takes requests, and answers none. */
  hang(): void;
  close(): Promise<void>;
}

export interface Request {
  readonly op: 'login' | 'begin' | 'join' | 'tables' | 'count' | 'read';
  readonly password?: string;
  readonly snapshot?: string;
  readonly table?: string;
  readonly columns?: readonly string[];
  readonly from?: number;
  readonly rows?: number;
}

type Tables = ReadonlyMap<string, ServedTable>;

/** Rows of a page of the made-up storage: locators are page and place, as 16 bits each. */
export const ROWS_PER_PAGE = 100;

/** Starts a server that lets in a client with the password. */
export async function startServer(password: string): Promise<Server> {
  let tables: Tables = new Map();
  let silent = false;
  const counted = new Map<string, number>();
  const snapshots = new Map<string, Tables>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    const session: Session = { seen: null, begun: null, isIn: false };
    socket.on('close', () => {
      sockets.delete(socket);
      if (session.begun !== null) snapshots.delete(session.begun);
    });
    const world = { now: () => tables, snapshots, counted, password };
    let held = '';
    socket.on('data', (chunk) => {
      held += chunk.toString('utf8');
      const lines = held.split('\n');
      held = lines.pop() ?? '';
      for (const line of lines) {
        if (!silent) socket.write(frame(answer(JSON.parse(line) as Request, session, world)));
      }
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    counted,
    clients: () => sockets.size,
    write(next) {
      tables = next;
    },
    hang() {
      silent = true;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      });
    },
  };
}

interface Session {
  /** What this client sees: a snapshot, or the tables as they are. */
  seen: Tables | null;
  begun: string | null;
  isIn: boolean;
}

interface World {
  readonly now: () => Tables;
  readonly snapshots: Map<string, Tables>;
  readonly counted: Map<string, number>;
  readonly password: string;
}

/** The bytes of the answer; null is a refusal. */
function answer(request: Request, session: Session, world: World): Buffer | null {
  if (request.op === 'login') {
    session.isIn = request.password === world.password;
    return session.isIn ? Buffer.alloc(0) : null;
  }
  if (!session.isIn) return null;
  if (request.op === 'begin') return begin(session, world);
  if (request.op === 'join') {
    session.seen = world.snapshots.get(request.snapshot ?? '') ?? null;
    return session.seen === null ? null : Buffer.alloc(0);
  }
  const seen = session.seen ?? world.now();
  if (request.op === 'tables') {
    const columns = [...seen].map(([name, table]) => [name, table.columns]);
    return Buffer.from(JSON.stringify(columns));
  }
  const name = request.table ?? '';
  const table = seen.get(name);
  if (table === undefined) return null;
  if (request.op === 'read') return pageOf(table, request);
  world.counted.set(name, (world.counted.get(name) ?? 0) + 1);
  return Buffer.from(String(table.rows.length));
}

function begin(session: Session, { snapshots, now }: World): Buffer {
  if (session.begun !== null) snapshots.delete(session.begun);
  session.begun = `snapshot-${snapshots.size}-${Math.random()}`;
  session.seen = now();
  snapshots.set(session.begun, session.seen);
  return Buffer.from(session.begun);
}

/** For each cell its length (-1 is null) and its bytes, after the columns a locator of eight bytes. */
function pageOf(table: ServedTable, { columns = [], from = 0, rows = 0 }: Request): Buffer | null {
  const places = columns.map((column) => table.columns.indexOf(column));
  if (places.includes(-1)) return null;
  const parts: Buffer[] = [];
  for (const [index, row] of table.rows.slice(from, from + rows).entries()) {
    for (const place of places) {
      const cell = row[place] ?? null;
      const bytes = Buffer.from(cell ?? '');
      const length = Buffer.alloc(4);
      length.writeInt32LE(cell === null ? -1 : bytes.length);
      parts.push(length, bytes);
    }
    const locator = Buffer.alloc(8);
    const [page, place] = [
      Math.floor((from + index) / ROWS_PER_PAGE),
      (from + index) % ROWS_PER_PAGE,
    ];
    locator.writeBigInt64LE(BigInt(page * 2 ** 16 + place + 1));
    parts.push(locator);
  }
  return Buffer.concat(parts);
}

function frame(body: Buffer | null): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32LE((body?.length ?? 0) + 1);
  head.writeUInt8(body === null ? 1 : 0, 4);
  return Buffer.concat([head, body ?? Buffer.alloc(0)]);
}
