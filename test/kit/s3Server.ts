/**
 * A strict S3 server in the process of the test: it verifies every signature and every sum, and does on
 * demand what a real server does on a bad day. Shares no code with src/.
 */

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import { answer, type Bucket, type Reply } from './s3Answers.ts';
import { refusalOf, type Account, type Arrived } from './s3Signature.ts';

/** What happens to a request instead of its answer. */
export type Fault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly code: string;
      readonly retryAfter?: number;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** The connection is cut before the request is done, or after, without an answer. */
  | { readonly kind: 'reset'; readonly when: 'before' | 'after' }
  /** Nothing comes, ever. */
  | { readonly kind: 'stall' }
  /** The answer breaks off after so many bytes of its body. */
  | { readonly kind: 'cut'; readonly bytes: number }
  | { readonly kind: 'slow'; readonly ms: number };

/** Decides about a request: null lets it pass. `number` counts all requests from 1. */
export type Faults = (request: Arrived, number: number) => Fault | null;

export interface S3Server {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Variables of a command that uses the server; without a bucket. */
  readonly env: Readonly<Record<string, string>>;
  /** Buckets by name. */
  readonly buckets: Map<string, Bucket>;
  /** Methods and targets of all requests. */
  readonly log: string[];
  /** Accounts that may sign; replace it to let one expire. */
  accounts: readonly Account[];
  faults: Faults;
  /** How far its clock is ahead. */
  skewMs: number;
  /** Changes a bit of a stored object. */
  flipBit(bucket: string, key: string): void;
  stop(): Promise<void>;
}

export interface S3ServerOptions {
  readonly region?: string;
  /** Whether it verifies ChecksumSHA256, and gives it back. */
  readonly checksums?: boolean;
  /** Whether it honours If-None-Match. */
  readonly conditions?: boolean;
  /** Keys of a page of a list. */
  readonly page?: number;
}

export async function startS3(options: S3ServerOptions = {}): Promise<S3Server> {
  const { region = 'eu-test-1', checksums = true, conditions = true, page = 1000 } = options;
  const [accessKeyId, secretAccessKey] = ['AKIDSTRICT', 'se/cr+et'];
  const sockets = new Set<Socket>();
  const http = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  http.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  http.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve);
  });
  const endpoint = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const server: S3Server = {
    endpoint,
    accessKeyId,
    secretAccessKey,
    env: {
      OBJECT_STORAGE_S3_ENDPOINT: endpoint,
      OBJECT_STORAGE_S3_REGION: region,
      OBJECT_STORAGE_S3_ACCESS_KEY_ID: accessKeyId,
      OBJECT_STORAGE_S3_SECRET_ACCESS_KEY: secretAccessKey,
    },
    buckets: new Map(),
    log: [],
    accounts: [{ accessKeyId, secretAccessKey }],
    faults: () => null,
    skewMs: 0,
    flipBit(bucket, key) {
      const bytes = server.buckets.get(bucket)?.objects.get(key)?.bytes;
      if (bytes === undefined || bytes.length === 0) throw new Error('there is nothing to flip');
      bytes[0] = (bytes[0] ?? 0) ^ 1;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        http.close(resolve);
      });
    },
  };
  async function handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await arrived(message);
    server.log.push(`${request.method} ${request.target}`);
    const fault = server.faults(request, server.log.length);
    if (fault?.kind === 'stall') return;
    if (fault?.kind === 'reset' && fault.when === 'before') return reset(message.socket);
    if (fault?.kind === 'slow') await pause(fault.ms);
    const now = Date.now() + server.skewMs;
    const reply = fault?.kind === 'status' ? faultReply(fault) : strictly(server, request, now);
    if (fault?.kind === 'reset') return reset(message.socket);
    send(message, response, reply, now, fault?.kind === 'cut' ? fault.bytes : null);
  }
  function strictly(from: S3Server, request: Arrived, now: number): Reply {
    const refusal =
      refusalOf(request, from.accounts, region, now) ?? sumRefusal(request, checksums);
    if (refusal !== null) return refusal;
    return answer(from.buckets, request, { checksums, conditions, page });
  }
  return server;
}

async function arrived(message: IncomingMessage): Promise<Arrived> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const { method = '', url = '', headers } = message;
  return { method, target: url, headers, body: Buffer.concat(chunks) };
}

/** The sums that a request states of its body, and that are wrong. */
function sumRefusal({ headers, body }: Arrived, checksums: boolean): Reply | null {
  const sumOf = (algorithm: string): string => createHash(algorithm).update(body).digest('base64');
  const md5 = headers['content-md5'];
  if (md5 !== undefined && md5 !== sumOf('md5')) return { status: 400, code: 'BadDigest' };
  const sha256 = headers['x-amz-checksum-sha256'];
  const isWrong = checksums && sha256 !== undefined && sha256 !== sumOf('sha256');
  return isWrong ? { status: 400, code: 'BadDigest' } : null;
}

function faultReply(fault: Extract<Fault, { kind: 'status' }>): Reply {
  const { status, code, retryAfter, headers } = fault;
  const wait = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
  return { status, code, headers: { ...headers, ...wait } };
}

function reset(socket: Socket): void {
  socket.resetAndDestroy();
}

function send(
  { method, socket }: IncomingMessage,
  response: ServerResponse,
  { status, code, headers = {}, body = Buffer.alloc(0) }: Reply,
  now: number,
  cut: number | null,
): void {
  const error = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code ?? ''}</Code></Error>`;
  const content = code === undefined ? body : Buffer.from(error);
  response.writeHead(status, {
    date: new Date(now).toUTCString(),
    ...(status === 204 ? {} : { 'content-length': String(content.length) }),
    ...headers,
  });
  if (method === 'HEAD') response.end();
  else if (cut === null) response.end(content);
  else response.write(content.subarray(0, cut), () => setTimeout(() => reset(socket), 20));
}
