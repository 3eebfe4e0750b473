/**
 * A small application as a cutover meets it: health with its commit and whether it takes writes, readiness,
 * endpoints that tell two kinds of credentials apart, and orders in a database.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Application {
  readonly origin: string;
  writes: boolean;
  commit: string;
  /** What is wrong with it. */
  faults: ReadonlySet<Fault>;
  close(): Promise<void>;
}

/**
 * - `not-ready`: readiness says no
 * - `refuses-off`, `refuses-on`: the switch of writes does not move
 * - `takes-any`: endpoints take the wrong credentials
 */
export type Fault = 'not-ready' | 'refuses-off' | 'refuses-on' | 'takes-any';

/** Starts it on a port of its own. */
export async function startApplication(): Promise<Application> {
  const state = { writes: true, commit: 'a'.repeat(40), faults: new Set<Fault>() };
  const server = createServer((request, response) => {
    void answer(state, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(state, {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  });
}

interface State {
  writes: boolean;
  readonly commit: string;
  readonly faults: ReadonlySet<Fault>;
}

async function answer(
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { url = '', headers } = request;
  const say = (status: number, body: object): void => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  const { writes, commit, faults } = state;
  if (url === '/health') {
    say(200, { status: 'healthy', writes_enabled: writes, commit });
  } else if (url === '/health/ready') {
    const ready = !faults.has('not-ready');
    say(ready ? 200 : 503, { ready });
  } else if (url === '/admin/writes') {
    const { set } = JSON.parse(await bodyOf(request)) as { set: 'on' | 'off' };
    if (!faults.has(`refuses-${set}`)) state.writes = set === 'on';
    say(200, {});
  } else if (url === '/platform/tenants') {
    const isWrong = headers['x-api-key'] !== undefined && !faults.has('takes-any');
    say(isWrong ? 401 : 200, isWrong ? { error: 'wrong_auth_method' } : {});
  } else if (url === '/routing/status') {
    const isWrong = headers.cookie !== undefined && !faults.has('takes-any');
    say(isWrong ? 401 : 200, isWrong ? { error: 'missing_api_key' } : {});
  } else say(404, {});
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
