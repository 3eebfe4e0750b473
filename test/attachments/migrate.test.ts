/** Attachments with every kind of trouble, through every store and database: each row moves, or says why not. */

import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { times } from '../kit/long.ts';
import { workFolder } from '../kit/project.ts';
import { declareAttachments, attachments, faultsOf, reasonsOf, said } from './project.ts';
import { postgresPlace, sqlitePlace } from './rowPlaces.ts';
import { cephPlace, folderPlace, strictPlace } from './storePlaces.ts';
import { plantUploads } from './uploads.ts';

const COUNT = times('SEALIFT_UPLOADS', 72, 2000, 500);

const STORES = [folderPlace(), strictPlace(), cephPlace()];
const DATABASES = [sqlitePlace(), postgresPlace()];
const PAIRS = STORES.flatMap((store) => DATABASES.map((rows) => ({ store, rows }))).filter(
  ({ store, rows }) => store.isHere && rows.isHere,
);

const work = workFolder('attachments');

beforeAll(async () => {
  for (const place of [...STORES, ...DATABASES]) if (place.isHere) await place.begin();
}, 60_000);
afterAll(async () => {
  for (const place of [...STORES, ...DATABASES]) if (place.isHere) await place.end();
});

describe.each(PAIRS)('attachments of $rows.name in $store.name', ({ store, rows }) => {
  const name = `${rows.name}-${store.name}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  const project = join(work, name);
  const root = join(project, 'uploads');
  const bytesAsPath = rows.name === 'SQLite';
  let uploads: ReturnType<typeof plantUploads>;
  let env: Readonly<Record<string, string>>;

  beforeAll(async () => {
    uploads = plantUploads(root, { count: COUNT, large: 1, bytesAsPath });
    const place = await store.make(name);
    const database = await rows.make(
      project,
      name,
      uploads.map(({ row }) => row),
    );
    env = { ...place.env, ...database.env };
    declareAttachments(project, { database: database.url, root: 'uploads', store: place.url });
  }, 120_000);

  it('write nothing in a dry run, which says what would happen', async () => {
    const before = await rows.rows(project, name);
    const { facts, code } = await said(project, ['plan'], { env });
    expect(code).toBe(1);
    expect(facts['wouldMove']).toBe(uploads.filter(({ content }) => content !== null).length);
    expect(facts['refused']).toBe(uploads.filter(({ content }) => content === null).length);
    expect(await rows.rows(project, name)).toEqual(before);
    expect(await store.keys(name)).toEqual([]);
  }, 120_000);

  it('move, each with the right bytes, or are told with the reason; the sums add up', async () => {
    const { facts, failure, code } = await said(project, ['migrate'], { env });
    expect(code).toBe(1);
    expect(failure?.line).toMatch(/files could not be moved; all others were/);
    const reasons = reasonsOf(project, 'attachments-migrate');
    for (const { row, content, reason = '' } of uploads) {
      if (content === null) expect(reasons.get(row.id), `row ${row.id}`).toContain(reason);
    }
    expect(reasons.size).toBe(uploads.filter(({ content }) => content === null).length);
    expect(Number(facts['moved']) + Number(facts['refused'])).toBe(uploads.length);
    expect(facts['left']).toBe(facts['refused']);
    expect(await faultsOf(uploads, await rows.rows(project, name), store, name)).toEqual([]);
  }, 300_000);

  it('are verified again, and a byte that changed at rest is found', async () => {
    expect((await said(project, ['verify'], { env })).status).toBe('PASS');
    const { row } = uploads.find(({ content }) => (content?.length ?? 0) > 100) ?? uploads[0]!;
    const key = (await rows.rows(project, name)).find(({ id }) => id === row.id)?.key ?? '';
    await store.damage(name, key);
    const { status, facts } = await said(project, ['verify'], { env });
    expect(status).toBe('FAIL');
    expect(facts['wrong']).toBe(1);
    expect(reasonsOf(project, 'attachments-verify').get(row.id)).toContain('has other bytes');
    await store.damage(name, key);
    expect((await said(project, ['verify'], { env })).status).toBe('PASS');
  }, 120_000);

  it('go back to disk, and again into the store', async () => {
    const back = await said(project, ['rollback'], { env });
    expect(back).toMatchObject({ status: 'DONE', code: 0 });
    const now = await rows.rows(project, name);
    expect(now.filter(({ key }) => key !== null)).toEqual([]);
    expect(await store.keys(name)).not.toEqual([]);
    await attachments(project, ['prune'], { env });
    expect(await store.keys(name)).toEqual([]);
    await attachments(project, ['migrate'], { env });
    expect(await faultsOf(uploads, await rows.rows(project, name), store, name)).toEqual([]);
  }, 300_000);
});
