/**
 * The lean path to an S3 server, for what is done once or more for every object: one signed request on a
 * connection that is kept, without the layers of the SDK. The body is signed by its SHA-256, which
 * every server verifies. Redirects are not followed: they would take the credentials elsewhere.
 */

import type {
  ClientRequest,
  IncomingHttpHeaders,
  IncomingMessage,
  RequestOptions,
} from 'node:http';

import { S3Error } from './s3Failure.ts';
import type { S3Keys } from './s3Settings.ts';
import { canonicalQuery, encodeKey, type Signer } from './sign.ts';

/** SHA-256 of no bytes. */
export const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

export interface Call {
  readonly method: 'PUT' | 'HEAD' | 'GET' | 'DELETE';
  /** The whole key in the bucket; '' for the bucket. */
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: { readonly bytes: Uint8Array; readonly sha256: string };
}

export interface Server {
  /** URL of the bucket, without a slash at its end. */
  readonly base: URL;
  readonly signer: Signer;
  readonly keys: () => Promise<S3Keys>;
  readonly now: () => Date;
  readonly connections: number;
  readonly stallMs: number;
  readonly signal: AbortSignal;
}

export interface Exchange {
  /** Sends a request, and returns the answer once its body, which is small, has arrived. @throws S3Error */
  send(call: Call): Promise<IncomingHttpHeaders>;
  /** Sends a request, and returns the answer, whose body is yet to be read. @throws S3Error */
  receive(call: Call): Promise<IncomingMessage>;
  close(): void;
}

/** Makes the connections to a server; none is opened yet. */
export function exchangeWith(server: Server): Exchange {
  const { base, signal } = server;
  const isTls = base.protocol === 'https:';
  const options = { keepAlive: true, maxSockets: server.connections, scheduling: 'lifo' } as const;
  // An import of node:http reads all that it exports, and so loads WebSocket: a fifth of the start of a command.
  const { Agent, request: send } = process.getBuiltinModule(isTls ? 'node:https' : 'node:http');
  const agent = new Agent(options);
  const open = new Set<ClientRequest>();
  const abort = (): void => {
    for (const request of open) request.destroy(new Error('aborted'));
  };
  signal.addEventListener('abort', abort, { once: true });
  const begin = async (call: Call): Promise<IncomingMessage> => {
    const keys = await server.keys();
    signal.throwIfAborted();
    const request = send({ ...optionsOf(server, call, keys), agent });
    open.add(request);
    request.once('close', () => open.delete(request));
    return answerOf(request, call);
  };
  return {
    async send(call) {
      const response = await begin(call);
      await drained(response, call.method);
      return response.headers;
    },
    receive: begin,
    close() {
      signal.removeEventListener('abort', abort);
      agent.destroy();
    },
  };
}

function optionsOf(server: Server, call: Call, keys: S3Keys): RequestOptions {
  const { base, signer, now, stallMs } = server;
  const { method, key, query = {}, headers = {}, body } = call;
  // A URL has a slash even where the bucket is in the name of the host.
  const path = `${base.pathname === '/' ? '' : base.pathname}/${encodeKey(key)}`;
  const canonical = canonicalQuery(query);
  const payload = body?.sha256 ?? EMPTY;
  const signed = signer.sign(
    { method, path, query: canonical, headers: { ...headers, host: base.host }, payload },
    keys,
    now(),
  );
  if (body !== undefined) signed['content-length'] = String(body.bytes.length);
  return {
    host: base.hostname.replace(/^\[|\]$/g, ''),
    port: base.port,
    method,
    path: canonical === '' ? path : `${path}?${canonical}`,
    headers: signed,
    timeout: stallMs,
  };
}

/** Sends the body, and waits for the head of the answer. @throws S3Error for one that is an error */
async function answerOf(request: ClientRequest, { method, body }: Call): Promise<IncomingMessage> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', (error) => {
      reject(unanswered(error));
    });
    request.once('timeout', () => request.destroy(stalled()));
    request.end(body?.bytes);
  });
  const { statusCode: status = 0 } = response;
  if (status >= 200 && status < 300) return response;
  const text = method === 'HEAD' ? await drained(response, method) : await textOf(response);
  throw errorOf(status, response.headers, text);
}

const LONGEST_ERROR = 64 * 1024;

/** Reads the body of an error; one that is too long is cut. */
async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  try {
    for await (const chunk of response) {
      if (text.length < LONGEST_ERROR) text += String(chunk);
    }
  } catch {
    // What has arrived may tell enough.
  }
  return text;
}

/** Reads to the end of a body that is not needed, so that the connection can be used again. */
function drained(response: IncomingMessage, method: string): Promise<string> {
  return new Promise((resolve, reject) => {
    response.once('end', () => {
      resolve('');
    });
    response.once('error', (error) => {
      reject(unanswered(error));
    });
    if (method === 'HEAD' && response.complete) resolve('');
    response.resume();
  });
}

function errorOf(status: number, headers: IncomingHttpHeaders, text: string): S3Error {
  const [, code = ''] = /<Code>([^<]{1,200})<\/Code>/.exec(text) ?? [];
  const [, region = null] = /<Region>([^<]{1,100})<\/Region>/.exec(text) ?? [];
  const named = headers['x-amz-bucket-region'];
  return new S3Error({
    status,
    code,
    retryAfterMs: retryAfterOf(headers),
    region: typeof named === 'string' ? named : region,
    date: headers.date ?? null,
  });
}

/** Milliseconds of a header Retry-After in seconds; a date in it is ignored. */
export function retryAfterOf(headers: {
  readonly [name: string]: string | readonly string[] | undefined;
}): number | null {
  const text = headers['retry-after'];
  return typeof text === 'string' && /^\d{1,6}$/.test(text) ? Number(text) * 1000 : null;
}

function stalled(): Error {
  return Object.assign(new Error('the connection stalls'), { code: 'STALLED' });
}

/** Turns an error of the connection into one with a code and no status. */
export function unanswered(error: unknown): S3Error {
  const { code } = error as { readonly code?: unknown };
  return new S3Error({
    status: 0,
    code: typeof code === 'string' ? code : 'no answer',
    cause: error,
  });
}
