/**
 * Requests over HTTP, one connection each.
 *
 * Promises: only origins that an input names are contacted. A name is resolved once, and the connection goes to
 * an address of that answer; its certificate is verified for the name. No redirect is followed, and no variable
 * of a proxy is read. An answer has bounded headers and body, and a request ends when its time is over or its
 * signal aborts.
 */

import type { LookupAddress } from 'node:dns';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { LookupFunction } from 'node:net';
import type { RequestOptions as TlsRequestOptions } from 'node:https';

import { Failure } from '../../outcome/failure.ts';
import { LONGEST_TIMER_MS } from '../../record/duration.ts';
import { addressOf } from './httpAddress.ts';
import { AnswerFault, httpFailure } from './httpFailure.ts';
import type { HttpAnswer, HttpRequest, World } from './world.ts';

/** Most bytes of a body, of a request or an answer. */
export const MAX_BODY: number = 4 * 1024 * 1024;
const MAX_HEADERS = 32 * 1024;

/** Returns the addresses of a host, at least one. */
export type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

export interface HttpHosts {
  /** Origins that inputs of the runbook name, as `originOf` writes them. */
  readonly allowed: ReadonlySet<string>;
  readonly input: World['input'];
  /** That of the system if left out. */
  readonly resolve?: Resolve;
  /** Certificates of authorities, as PEM, instead of those that Node trusts. */
  readonly authorities?: string;
}

/** Makes the client. Its requests throw Failure USAGE for what may not be sent, TARGET without an answer. */
export function httpClient(hosts: HttpHosts): World['request'] {
  return async (request) => {
    const { signal } = request;
    const address = addressOf(request, hosts.input);
    if (!hosts.allowed.has(address.origin)) {
      throw new Failure('USAGE', {
        what: 'no input of the runbook names this host',
        where: address.host,
        hint: 'declare an input with its address',
      });
    }
    const headers = headersOf(request, address.host);
    signal.throwIfAborted();
    const limit = limitOf(request);
    try {
      return await exchange(request, { address, headers, hosts, signal: limit.signal });
    } catch (error) {
      signal.throwIfAborted();
      throw httpFailure(limit.signal.aborted ? limit.signal.reason : error, address.host);
    } finally {
      limit.end();
    }
  };
}

interface Limit {
  readonly signal: AbortSignal;
  readonly end: () => void;
}

/** A signal that aborts with the request's own, or when its time is over. */
function limitOf({ signal, withinMs }: HttpRequest): Limit {
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort(signal.reason);
  };
  signal.addEventListener('abort', abort, { once: true });
  const timer = setTimeout(
    () => {
      const seconds = Math.round(withinMs / 100) / 10;
      controller.abort(new AnswerFault(`the host gave no whole answer within ${seconds}s`));
    },
    Math.min(withinMs, LONGEST_TIMER_MS),
  );
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    },
  };
}

interface Sending {
  readonly address: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly hosts: HttpHosts;
  readonly signal: AbortSignal;
}

async function exchange(request: HttpRequest, sending: Sending): Promise<HttpAnswer> {
  const { address, hosts, signal } = sending;
  const resolve = hosts.resolve ?? resolveBySystem;
  const found = await unlessAborted(resolve(nameOf(address)), signal);
  const response = await send(request, sending, found);
  return {
    status: response.statusCode ?? 0,
    headers: headersIn(response),
    body: await bodyOf(response),
  };
}

/** Returns the host as a resolver takes it: an address of IPv6 without its brackets. */
function nameOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

async function resolveBySystem(host: string): Promise<readonly LookupAddress[]> {
  return process.getBuiltinModule('node:dns').promises.lookup(host, { all: true });
}

/** Ends with an abort, even if what is waited for does not: a resolver cannot be stopped. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', abort, { once: true });
    void work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', abort);
    });
  });
}

function send(
  { method, body }: HttpRequest,
  sending: Sending,
  found: readonly LookupAddress[],
): Promise<IncomingMessage> {
  const { address, hosts } = sending;
  const isTls = address.protocol === 'https:';
  const options: RequestOptions & TlsRequestOptions = {
    ...optionsOf(sending, found),
    method,
    // Explicit, as a variable could turn it off.
    ...(isTls ? { rejectUnauthorized: true } : {}),
    ...(isTls && hosts.authorities !== undefined ? { ca: hosts.authorities } : {}),
  };
  // An import of node:http reads all that it exports, and so loads WebSocket.
  const { request } = process.getBuiltinModule(isTls ? 'node:https' : 'node:http');
  return new Promise((resolve, reject) => {
    let sent: ClientRequest;
    try {
      sent = request(options);
    } catch (error) {
      reject(error);
      return;
    }
    sent.once('response', resolve);
    // A server may answer, and close the connection before it has read the body.
    sent.on('error', reject);
    sent.once('upgrade', (_, socket) => {
      socket.destroy();
      reject(new AnswerFault('the host changes to another protocol'));
    });
    sent.end(body);
  });
}

function optionsOf(
  { address, headers, signal }: Sending,
  found: readonly LookupAddress[],
): RequestOptions {
  return {
    host: nameOf(address),
    port: address.port === '' ? null : address.port,
    path: `${address.pathname}${address.search}`,
    headers,
    signal,
    // An agent of its own: none keeps a connection, or knows a proxy.
    agent: false,
    maxHeaderSize: MAX_HEADERS,
    insecureHTTPParser: false,
    lookup: pinnedTo(found),
  };
}

/** Gives a connection the addresses that were found, whatever it wants to resolve. */
function pinnedTo(found: readonly LookupAddress[]): LookupFunction {
  return (_, options, done) => {
    const [first] = found;
    if (first === undefined) {
      done(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), '');
    } else if (options.all === true) {
      done(null, [...found]);
    } else {
      done(null, first.address, first.family);
    }
  };
}

/** Headers that say where a message goes or ends: the client writes them itself. */
const OWN_HEADERS =
  /^(?:host|connection|keep-alive|content-length|transfer-encoding|te|trailer|upgrade|expect|proxy-.*)$/;
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~\w]{1,256}$/;
/** Bytes of a value (RFC 9110 §5.5), without controls. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]{0,8192}$/;

/** Returns the headers that are sent. @throws Failure USAGE for one that cannot be, by its name */
function headersOf({ headers, method, body }: HttpRequest, host: string): Record<string, string> {
  const sent: Record<string, string> = {
    host,
    accept: '*/*',
    'accept-encoding': 'identity',
    'user-agent': 'sealift',
  };
  for (const [written, value] of Object.entries(headers)) {
    const name = written.toLowerCase();
    const isFit = HEADER_NAME.test(name) && HEADER_VALUE.test(value) && !OWN_HEADERS.test(name);
    if (!isFit) {
      throw new Failure('USAGE', {
        what: 'a header cannot be sent as it is',
        where: HEADER_NAME.test(name) ? `${name}, ${host}` : host,
        hint: 'correct its name or value',
      });
    }
    sent[name] = value;
  }
  if ((body?.length ?? 0) > MAX_BODY) {
    const what = 'the body of a request has more than 4 MiB';
    throw new Failure('USAGE', { what, where: host, hint: 'send less' });
  }
  if (body !== undefined || !/^(?:GET|HEAD)$/.test(method)) {
    sent['content-length'] = String(body?.length ?? 0);
  }
  return sent;
}

function headersIn({ rawHeaders }: IncomingMessage): ReadonlyMap<string, readonly string[]> {
  const headers = new Map<string, string[]>();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), rawHeaders[at + 1] ?? '']);
  }
  return headers;
}

async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    // To leave the loop destroys the connection.
    if (length > MAX_BODY) throw new AnswerFault('the answer has more than 4 MiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}
