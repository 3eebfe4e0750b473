/**
 * A connection pooler as it stands before many servers: each transaction gets the next of its own
 * connections. Clients are let in without a password; what they send is passed on as it is.
 */

import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Client } from 'pg';

export interface Pooler {
  readonly port: number;
  close(): Promise<void>;
}

export interface PoolerOptions {
  /** Process id that clients are told; that of the first connection if it is null. */
  readonly processId: number | null;
  /** After how many transactions another connection is taken, once; each time if it is 1. */
  readonly swapAfter: number;
}

interface Backend {
  readonly processId: number;
  readonly stream: Socket;
  readonly client: Client;
}

/** A message of the protocol: its type, and all its bytes. */
type Message = readonly [type: string, bytes: Buffer];

/** Splits a stream into messages; returns what is left. */
function messagesIn(bytes: Buffer): readonly [Message[], Buffer] {
  const found: Message[] = [];
  let at = 0;
  while (bytes.length - at >= 5) {
    const end = at + 1 + bytes.readUInt32BE(at + 1);
    if (end > bytes.length) break;
    found.push([String.fromCharCode(bytes[at] ?? 0), bytes.subarray(at, end)]);
    at = end;
  }
  return [found, bytes.subarray(at)];
}

function message(type: string, ...parts: readonly (string | number)[]): Buffer {
  const bytes = parts.map((part) => {
    if (typeof part === 'string') return Buffer.from(`${part}\0`);
    const number = Buffer.alloc(4);
    number.writeUInt32BE(part);
    return number;
  });
  const length = Buffer.alloc(4);
  length.writeUInt32BE(4 + bytes.reduce((sum, { length: more }) => sum + more, 0));
  return Buffer.concat([Buffer.from(type), length, ...bytes]);
}

const READY = Buffer.concat([Buffer.from('Z'), Buffer.from([0, 0, 0, 5]), Buffer.from('I')]);

async function backendAt(url: string): Promise<Backend> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  const inner = client as unknown as { processID: number; connection: { stream: Socket } };
  const { stream } = inner.connection;
  stream.removeAllListeners('data');
  return { processId: inner.processID, stream, client };
}

/** Starts a pooler before the database of a URL. */
export async function startPooler(url: string, options: PoolerOptions): Promise<Pooler> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {});
    void serve(socket, url, options, open).catch(() => socket.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

async function serve(
  socket: Socket,
  url: string,
  { processId, swapAfter }: PoolerOptions,
  open: Set<Socket>,
): Promise<void> {
  const backends = await Promise.all([backendAt(url), backendAt(url)]);
  const [first] = backends;
  for (const { stream } of backends) open.add(stream);
  let current: Backend = first;
  let [transactions, idle, started] = [0, true, false];
  let rest: Buffer = Buffer.alloc(0);
  const swap = (): void => {
    transactions += 1;
    const due = swapAfter === 1 || transactions === swapAfter;
    if (due) current = backends.find((backend) => backend !== current) ?? current;
  };
  for (const { stream } of backends) {
    let unread: Buffer = Buffer.alloc(0);
    stream.on('data', (chunk: Buffer) => {
      const [messages, left] = messagesIn(Buffer.concat([unread, chunk]));
      unread = left;
      for (const [type, bytes] of messages) {
        if (type === 'Z') idle = bytes[5] === 'I'.charCodeAt(0);
        socket.write(bytes);
      }
    });
  }
  socket.on('close', () => {
    for (const { stream } of backends) stream.destroy();
  });
  /** Answers one message of the beginning. Whether the session has begun with it. */
  const begins = (): boolean => {
    const length = rest.readUInt32BE(0);
    const isTls = length === 8;
    rest = rest.subarray(length);
    if (isTls) {
      socket.write('N');
      return false;
    }
    const told = processId ?? first.processId;
    const version = message('S', 'server_version', '18.0');
    socket.write(Buffer.concat([message('R', 0), version, message('K', told, 1), READY]));
    return true;
  };
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (!started && rest.length >= 8) started = begins();
    if (!started) return;
    const [messages, left] = messagesIn(rest);
    rest = left;
    for (const [type, bytes] of messages) {
      if (idle && type === 'Q') swap();
      if (type === 'Q') idle = false;
      current.stream.write(bytes);
    }
  });
}
