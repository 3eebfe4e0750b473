/** The application: its routes, over node:http. */

import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, realpath, rename, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { openObjects, type Objects } from './objects.ts';
import { openRows, type Attachment, type Rows } from './rows.ts';
import type { Settings } from './settings.ts';

export interface App {
  readonly url: string;
  close(): Promise<void>;
}

interface Parts {
  readonly settings: Settings;
  readonly rows: Rows;
  readonly objects: Objects | null;
}

const MOST_BYTES = 64 * 2 ** 20;

/** Starts the application on loopback. */
export async function startApp(settings: Settings): Promise<App> {
  const parts = { settings, rows: openRows(settings.database), objects: openObjects(settings) };
  const server = createServer((request, response) => {
    answer(request, response, parts).catch(() => {
      if (!response.headersSent) reply(response, 500, { ok: false });
      response.destroy();
    });
  });
  await new Promise<void>((done) => {
    server.listen(settings.port, '127.0.0.1', done);
  });
  return { url: urlOf(server), close: () => close(server, parts) };
}

function urlOf(server: Server): string {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return `http://127.0.0.1:${port ?? 0}`;
}

async function close(server: Server, { rows }: Parts): Promise<void> {
  server.closeAllConnections();
  await new Promise((done) => {
    server.close(done);
  });
  await rows.close();
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  parts: Parts,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://here');
  const [, id] = /^\/attachments\/([^/]+)$/.exec(url.pathname) ?? [];
  const { method } = request;
  if (method === 'GET' && url.pathname === '/healthz') return reply(response, 200, { ok: true });
  if (method === 'GET' && url.pathname === '/readyz') return ready(response, parts);
  if (method === 'POST' && url.pathname === '/attachments') return upload(request, response, parts);
  if (method === 'GET' && id !== undefined) {
    return download(decodeURIComponent(id), response, parts);
  }
  if (method === 'GET' && url.pathname === '/objects') {
    const file = parts.objects?.fileOf(url) ?? null;
    return file === null ? reply(response, 403, { ok: false }) : send(response, file, null);
  }
  return reply(response, 404, { ok: false });
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function ready(response: ServerResponse, { rows }: Parts): Promise<void> {
  try {
    await rows.ping();
    reply(response, 200, { ok: true, db: true });
  } catch {
    reply(response, 503, { ok: false, db: false });
  }
}

/** A row with a key is read from the store; any other one from disk. */
async function download(
  id: string,
  response: ServerResponse,
  { rows, objects, settings }: Parts,
): Promise<void> {
  const row = /^[\w-]{1,64}$/.test(id) ? await rows.find(id) : null;
  if (row?.key !== null && row?.key !== undefined && objects !== null) {
    response.writeHead(302, { location: await objects.signedUrl(row.key) });
    response.end();
    return;
  }
  const file = row === null ? null : await fileOf(row, settings);
  if (file === null) return reply(response, 404, { ok: false });
  return send(response, file, row?.contentType ?? null);
}

/** Returns the path of a row's file; null if there is none below the root. */
async function fileOf({ path }: Attachment, { root }: Settings): Promise<string | null> {
  if (path === null) return null;
  try {
    const [below, file] = [await realpath(root), await realpath(resolve(root, path))];
    return file.startsWith(`${below}${sep}`) && (await stat(file)).isFile() ? file : null;
  } catch {
    return null;
  }
}

async function send(response: ServerResponse, file: string, type: string | null): Promise<void> {
  const stream = createReadStream(file);
  await new Promise((done, fail) => {
    stream.once('open', done);
    stream.once('error', fail);
  });
  response.writeHead(200, { 'content-type': type ?? 'application/octet-stream' });
  await pipeline(stream, response);
}

async function upload(
  request: IncomingMessage,
  response: ServerResponse,
  { rows, objects, settings }: Parts,
): Promise<void> {
  const bytes = await bodyOf(request);
  if (bytes === null) return reply(response, 413, { ok: false });
  const contentType = request.headers['content-type'] ?? null;
  const name = randomUUID();
  if (settings.uploadsTo === 'store' && objects !== null) {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const key = `uploads/${name}/${sha256}`;
    await objects.put(key, bytes, contentType);
    return reply(response, 201, { id: await rows.insert({ path: null, key, contentType }) });
  }
  // The file is whole before a row names it.
  const path = join(settings.root, name);
  await mkdir(settings.root, { recursive: true });
  await writeFile(`${path}.part`, bytes);
  await rename(`${path}.part`, path);
  return reply(response, 201, { id: await rows.insert({ path: name, key: null, contentType }) });
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
