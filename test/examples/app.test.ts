/** The example application reads each attachment wherever it is: before a migration, after it, and after a rollback. */

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startApp, type App } from '../../examples/app/server.ts';
import { settingsOf } from '../../examples/app/settings.ts';
import { attachments, declareAttachments } from '../attachments/project.ts';
import { cephPlace, folderPlace, strictPlace } from '../attachments/storePlaces.ts';
import { workFolder } from '../kit/project.ts';

const work = workFolder('app');
const STORES = [folderPlace(), strictPlace(), cephPlace()].filter(({ isHere }) => isHere);

describe.each(STORES)('the application with $name', (store) => {
  const name = store.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  const project = join(work, name);
  const content = randomBytes(50_000);
  let env: Record<string, string>;
  let app: App;
  let id: string;

  beforeAll(async () => {
    await store.begin();
    const place = await store.make(name);
    declareAttachments(project, { database: 'sqlite:app.db', root: 'uploads', store: place.url });
    const database = new Database(join(project, 'app.db'));
    database.exec(`CREATE TABLE attachments (id INTEGER PRIMARY KEY, disk_path TEXT,
      storage_key TEXT, content_type TEXT, size INTEGER, sha256 TEXT)`);
    database.close();
    const isFolder = place.url.startsWith('folder:');
    env = {
      ...place.env,
      DATABASE_URL: `sqlite:${join(project, 'app.db')}`,
      ATTACHMENTS_ROOT: join(project, 'uploads'),
      OBJECT_STORAGE_PROVIDER: isFolder ? 'folder' : 's3',
      OBJECT_STORAGE_S3_BUCKET: name,
      OBJECT_STORAGE_FOLDER: place.url.replace('folder:', ''),
    };
    app = await startApp(settingsOf(env));
  }, 60_000);
  afterAll(async () => {
    await app.close();
    await store.end();
  });

  const read = (path: string): Promise<Response> =>
    fetch(`${app.url}${path}`, { redirect: 'manual' });

  /** Follows the signed URL, as a browser does. */
  async function throughUrl(): Promise<Buffer> {
    const redirect = await read(`/attachments/${id}`);
    expect(redirect.status).toBe(302);
    const url = new URL(redirect.headers.get('location') ?? '', app.url);
    const answer = await fetch(url);
    expect(answer.status).toBe(200);
    return Buffer.from(await answer.arrayBuffer());
  }

  async function fromDisk(): Promise<Buffer> {
    const answer = await read(`/attachments/${id}`);
    expect(answer.status).toBe(200);
    return Buffer.from(await answer.arrayBuffer());
  }

  it('is healthy and ready', async () => {
    expect(await (await read('/healthz')).json()).toEqual({ ok: true });
    expect(await (await read('/readyz')).json()).toEqual({ ok: true, db: true });
  });

  it('streams an upload from disk', async () => {
    const answer = await fetch(`${app.url}/attachments`, { method: 'POST', body: content });
    expect(answer.status).toBe(201);
    ({ id } = (await answer.json()) as { id: string });
    expect((await fromDisk()).equals(content)).toBe(true);
  });

  it('redirects to a signed URL once the file has moved, and streams again after a rollback', async () => {
    expect((await attachments(project, ['migrate'], { env })).code).toBe(0);
    expect((await throughUrl()).equals(content)).toBe(true);
    expect((await attachments(project, ['rollback'], { env })).code).toBe(0);
    expect((await fromDisk()).equals(content)).toBe(true);
    expect((await attachments(project, ['migrate'], { env })).code).toBe(0);
    expect((await attachments(project, ['purge', '--run', 'run-local'], { env })).code).toBe(0);
    expect((await throughUrl()).equals(content)).toBe(true);
  }, 60_000);

  it('has new uploads in the store, if it is told to', async () => {
    const other = await startApp(settingsOf({ ...env, UPLOADS_TO: 'store' }));
    const answer = await fetch(`${other.url}/attachments`, { method: 'POST', body: 'new' });
    const made = (await answer.json()) as { id: string };
    const redirect = await fetch(`${other.url}/attachments/${made.id}`, { redirect: 'manual' });
    expect(redirect.status).toBe(302);
    const url = new URL(redirect.headers.get('location') ?? '', other.url);
    expect(await (await fetch(url)).text()).toBe('new');
    await other.close();
  });

  it('gives nothing that is not there, or not below its root', async () => {
    const database = new Database(join(project, 'app.db'));
    database.exec(
      `INSERT INTO attachments (id, disk_path) VALUES (900, '../app.db'), (901, 'gone')`,
    );
    database.close();
    for (const path of ['900', '901', '902', '..%2Fapp.db', 'x%27y']) {
      expect((await read(`/attachments/${path}`)).status, path).toBe(404);
    }
    expect((await read('/objects?key=attachments&until=9999999999999&by=00')).status).toBe(403);
  });
});

describe('its settings', () => {
  it('are checked before anything is served, all at once', () => {
    expect(() => settingsOf({ OBJECT_STORAGE_PROVIDER: 'gcs', PORT: 'x' })).toThrow(
      'PORT is not a whole number; DATABASE_URL is not set; ATTACHMENTS_ROOT is not set; OBJECT_STORAGE_PROVIDER is none of s3, folder',
    );
  });
});
