/**
 * Two commands on one table, and an application that goes on uploading to disk and to the store: no file
 * moves twice, no row is lost, and no run says "done" while uploads still land on disk.
 */

import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { times } from '../kit/long.ts';
import { workFolder } from '../kit/project.ts';
import { start } from '../kit/run.ts';
import { declareAttachments, faultsOf, said } from './project.ts';
import { postgresPlace, sqlitePlace } from './rowPlaces.ts';
import { strictPlace } from './storePlaces.ts';
import type { Upload } from './uploads.ts';

const ROWS = times('SEALIFT_TOGETHER', 150, 2000, 600);
const UPLOADS = 40;

const store = strictPlace();
const DATABASES = [sqlitePlace(), postgresPlace()].filter(({ isHere }) => isHere);
const work = workFolder('attachments-together');

beforeAll(async () => {
  await store.begin();
  for (const database of DATABASES) await database.begin();
}, 60_000);
afterAll(async () => {
  await store.end();
  for (const database of DATABASES) await database.end();
});

describe.each(DATABASES)('attachments of $name', (database) => {
  const name = database.name.toLowerCase();
  const project = join(work, name);
  const uploads: Upload[] = [];
  let env: Readonly<Record<string, string>>;

  /** Writes a file as an application does: under another name first, then its row. */
  function written(id: number): Upload {
    const content = randomBytes(500 + (id % 50) * 100);
    const path = join(project, 'uploads', String(id));
    writeFileSync(`${path}.part`, content);
    renameSync(`${path}.part`, path);
    return { row: { id, path: String(id) }, content };
  }

  beforeAll(async () => {
    mkdirSync(join(project, 'uploads'), { recursive: true });
    for (let id = 1; id <= ROWS; id += 1) uploads.push(written(id));
    const place = await store.make(name);
    const made = await database.make(
      project,
      name,
      uploads.map(({ row }) => row),
    );
    env = { ...place.env, ...made.env };
    declareAttachments(project, { database: made.url, root: 'uploads', store: place.url });
  });

  it('are moved once by two commands, while an application uploads to disk and to the store', async () => {
    const both = ['one', 'two'].map((run) => {
      const args = ['attachments', 'migrate', '--run', run, '--project', project, '--json'];
      return start(args, { env });
    });
    for (let next = 1; next <= UPLOADS; next += 1) {
      const id = ROWS + next;
      if (next % 2 === 0) {
        const upload = written(id);
        await database.insert(project, name, [upload.row]);
        uploads.push(upload);
      } else {
        uploads.push(await toStore(id));
      }
      await wait(20);
    }
    for (const { ended } of both) {
      const ran = await ended;
      expect(ran.stderr).not.toContain('defect');
      // Done, or behind the application, which is told.
      if (ran.code !== 0) expect(ran.stderr).toContain('uploads still land on disk');
    }
    const last = await said(project, ['migrate', '--run', 'last'], { env });
    expect(last, last.failure?.line).toMatchObject({ code: 0 });
    const now = await database.rows(project, name);
    expect(await faultsOf(uploads, now, store, name)).toEqual([]);
    const moved = await Promise.all(
      ['one', 'two', 'last'].map(async (run) => {
        // A run that has moved nothing has nothing to verify, and says so.
        const { facts, failure } = await said(project, ['verify', '--run', run], { env });
        if (failure !== undefined) return 0;
        expect(facts['wrong']).toBe(0);
        return Number(facts['right']);
      }),
    );
    // A row that both have stored at one moment is in both journals, under one key.
    expect(moved.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(ROWS);
  }, 300_000);

  /** Uploads as an application that writes to the store first: the row has a path for old readers, too. */
  async function toStore(id: number): Promise<Upload> {
    const upload = written(id);
    const content = upload.content ?? Buffer.alloc(0);
    const key = `attachments/${id}/${createHash('sha256').update(content).digest('hex')}`;
    store.server().buckets.get(name)?.objects.set(key, { bytes: content, headers: {} });
    await database.insert(project, name, [{ ...upload.row, key }]);
    return upload;
  }

  it('are not done while uploads still land on disk: the newest row is named', async () => {
    let id = ROWS + 1000;
    const ends = new AbortController();
    const application = (async () => {
      while (!ends.signal.aborted) {
        const upload = written((id += 1));
        await database.insert(project, name, [upload.row]);
        await wait(30);
      }
    })();
    const { code, failure } = await said(project, ['migrate', '--run', 'behind'], { env });
    ends.abort();
    await application;
    expect(code).toBe(1);
    expect(failure?.line).toMatch(
      /uploads still land on disk; .+ the last is row \d+ of attachments/,
    );
    expect((await said(project, ['migrate', '--run', 'behind'], { env })).code).toBe(0);
  }, 120_000);
});
