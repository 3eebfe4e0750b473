/** A server on localhost for tests of requests: it answers as a test says, and keeps what has arrived. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Arrived {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Uint8Array;
}

/** Answers a request; null leaves it without an answer, and `response` may be written to directly. */
export type Handler = (
  request: Arrived,
  response: ServerResponse,
) => Reply | null | Promise<Reply | null>;

export interface TestServer {
  readonly origin: string;
  readonly port: number;
  readonly seen: Arrived[];
  /** Replaced by each test. */
  handler: Handler;
  close(): Promise<void>;
}

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** Starts a server on 127.0.0.1; of https if it gets a certificate. */
export async function startServer(certificate?: Certificate): Promise<TestServer> {
  const sockets = new Set<Socket>();
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    handle(started, request, response).catch(() => response.destroy());
  };
  const server =
    certificate === undefined ? createServer(answer) : createTlsServer(certificate, answer);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const started: TestServer = {
    origin: `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    seen: [],
    handler: () => ({}),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
  return started;
}

async function handle(
  server: TestServer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const { method = '', url = '', headers } = request;
  const arrived = { method, path: url, headers, body: Buffer.concat(chunks) };
  server.seen.push(arrived);
  const reply = await server.handler(arrived, response);
  if (reply === null) return;
  response.writeHead(reply.status ?? 200, reply.headers);
  response.end(reply.body);
}

/** Answers with JSON. */
export function json(value: unknown, status: number = 200): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(value),
  };
}

/** Makes a certificate that signs itself, for a name and 127.0.0.1; null without openssl. */
export function makeCertificate(name: string): Certificate | null {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const about = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name},IP:127.0.0.1`];
  const pair = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const files = ['-keyout', key, '-out', cert];
  try {
    execFileSync('openssl', ['req', '-x509', '-days', '2', ...pair, ...files, ...about], {
      stdio: 'ignore',
    });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
