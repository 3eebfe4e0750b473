/**
 * Drives a headless Chromium by its DevTools protocol. It is a tool of the tests, found at run time:
 * `CHROME`, or one of the usual names in PATH.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Path of a browser, or null (with a notice) where there is none. */
export function findChromium(): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const paths = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const found = [process.env['CHROME'] ?? '', ...paths].find(isProgram);
  if (found === undefined) {
    process.stderr.write('notice: no Chromium here (CHROME, PATH); browser tests are skipped\n');
  }
  return found ?? null;
}

function isProgram(path: string): boolean {
  try {
    if (path !== '') accessSync(path, constants.X_OK);
    return path !== '';
  } catch {
    return false;
  }
}

export type Params = Readonly<Record<string, unknown>>;
type Message = Readonly<Record<string, unknown>>;

export interface Page {
  /** Sends a command to the page and waits for its result. */
  readonly send: (method: string, params?: Params) => Promise<Message>;
  /** The value of an expression, awaited. */
  readonly value: <T>(expression: string) => Promise<T>;
  /** Goes to a URL and waits until it is loaded. */
  readonly open: (url: string) => Promise<void>;
  /** Methods and parameters of what the page has reported. */
  readonly events: { readonly method: string; readonly params: Params }[];
  readonly close: () => Promise<void>;
}

export interface Browser {
  readonly newPage: () => Promise<Page>;
  readonly close: () => Promise<void>;
}

/** Starts a browser with an empty profile. */
export async function startChromium(path: string): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'sealift-chromium-'));
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];
  const child = spawn(
    path,
    [...flags, '--no-first-run', '--remote-debugging-port=0', `--user-data-dir=${profile}`],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      resolve();
    });
  });
  const connection = await connect(await endpointOf(child));
  return {
    newPage: () => newPage(connection),
    async close() {
      await connection.send('Browser.close', {}).catch(() => null);
      connection.close();
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
      await ended;
      clearTimeout(timer);
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function endpointOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const url = /DevTools listening on (ws:\S+)/.exec(text)?.[1];
      if (url !== undefined) resolve(url);
    });
    child.once('error', reject);
    child.once('close', () => {
      reject(new Error(`the browser ended: ${text}`));
    });
  });
}

interface Connection {
  readonly send: (method: string, params: Params, session?: string) => Promise<Message>;
  readonly listen: (session: string, listener: (method: string, params: Params) => void) => void;
  readonly close: () => void;
}

async function connect(url: string): Promise<Connection> {
  const socket = new WebSocket(url);
  const waiting = new Map<number, (message: Message) => void>();
  const listeners = new Map<string, (method: string, params: Params) => void>();
  let last = 0;
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as Message;
    const { id, method, params, sessionId } = message;
    if (typeof id === 'number') waiting.get(id)?.(message);
    else listeners.get(String(sessionId))?.(String(method), params as Params);
  });
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', reject);
  });
  return {
    send(method, params, sessionId) {
      last += 1;
      const id = last;
      return new Promise((resolve, reject) => {
        waiting.set(id, (message) => {
          waiting.delete(id);
          if (message['error'] === undefined) resolve(message['result'] as Message);
          else reject(new Error(`${method}: ${JSON.stringify(message['error'])}`));
        });
        socket.send(JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) }));
      });
    },
    listen: (session, listener) => void listeners.set(session, listener),
    close: () => {
      socket.close();
    },
  };
}

async function newPage(connection: Connection): Promise<Page> {
  const { targetId } = await connection.send('Target.createTarget', { url: 'about:blank' });
  const attached = await connection.send('Target.attachToTarget', { targetId, flatten: true });
  const session = String(attached['sessionId']);
  const events: { method: string; params: Params }[] = [];
  let loaded: (() => void) | null = null;
  connection.listen(session, (method, params) => {
    events.push({ method, params });
    if (method === 'Page.loadEventFired') loaded?.();
  });
  const send = (method: string, params: Params = {}): Promise<Message> =>
    connection.send(method, params, session);
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await send(`${domain}.enable`);
  return {
    send,
    events,
    async value<T>(expression: string) {
      const options = { expression, awaitPromise: true, returnByValue: true };
      const { result, exceptionDetails } = await send('Runtime.evaluate', options);
      if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
      return (result as { value: T }).value;
    },
    async open(url) {
      const done = new Promise<void>((resolve) => {
        loaded = resolve;
      });
      await send('Page.navigate', { url });
      await done;
    },
    async close() {
      await connection.send('Target.closeTarget', { targetId });
    },
  };
}

/** What a page must never do: complain, or ask for anything but itself. */
export function complaintsOf({ events }: Page): unknown[] {
  return events.filter(
    ({ method, params }) =>
      method === 'Runtime.exceptionThrown' ||
      method === 'Log.entryAdded' ||
      (method === 'Network.requestWillBeSent' && params['type'] !== 'Document'),
  );
}
