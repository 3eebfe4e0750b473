/**
 * What the programs of a rollout's world have in common: a server of JSON on 127.0.0.1, at the port PORT (any one
 * for 0). It tells its parent the port, and ends with its parent. Lines of its log go to standard output, with a
 * time in front.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Arrived {
  readonly method: string;
  readonly path: string;
  /** Members of the body; none if it is not an object of JSON. */
  readonly members: Readonly<Record<string, unknown>>;
}

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Writes a line of the log. */
export function log(line: string): void {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
}

/** Returns a variable that the program cannot do without. */
export function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set`);
  return value;
}

/** Serves until the program is ended. */
export function serve(handle: (arrived: Arrived) => Promise<Reply>): void {
  const server = createServer((request, response) => {
    answer(request, response, handle).catch((error: unknown) => {
      log(`ERROR ${String(error)}`);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  process.once('disconnect', () => process.exit());
  process.once('SIGTERM', () => process.exit());
  server.listen(Number(process.env['PORT'] ?? 0), '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    log(`listening on port ${port}`);
    process.send?.({ port });
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  handle: (arrived: Arrived) => Promise<Reply>,
): Promise<void> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const { method = '', url = '' } = request;
  const path = url.replace(/\?.*$/s, '');
  const { status, body, headers } = await handle({ method, path, members: membersOf(text) });
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

function membersOf(text: string): Arrived['members'] {
  try {
    return Object(JSON.parse(text)) as Arrived['members'];
  } catch {
    return {};
  }
}
