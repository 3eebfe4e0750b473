/**
 * One database, stored in eight ways (text encodings, page size, physical order of the rows, half
 * of them in the log alone), gives one data root, and one seal where the mapping is one. What does not
 * lie in the source (locale, zone, umask, workers) is in reproducible.test.ts.
 */

import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';

import { makeVariants } from '../variants/variants.ts';
import { isLong } from '../kit/long.ts';
import {
  candidateOf,
  compareCells,
  digestsOf,
  hasProgram,
  initAndMigrate,
  migrate,
  runFileOf,
  succeed,
  workFolder,
  type Summary,
} from '../kit/project.ts';

const folder = workFolder('variants');
const all = makeVariants(join(folder, 'databases'));
const EVERY = isLong('every way to store');
/** The last one is stored in several of these ways at once. */
const SHORT: Readonly<Record<string, readonly string[]>> = {
  keep: ['utf-16le', 'wal', 'all-at-once'],
  uuid: ['all-at-once'],
};
const PYTHON = hasProgram('python3');

/** File → digest, of all files beside a database: its log, and what a reader may have left. */
function besides(file: string): Map<string, string> {
  return digestsOf(dirname(file));
}

/** Everything in a candidate but the mapping and what is sealed over it. */
function dataOf(project: string): [string, string][] {
  const sealed = new Set(['checksums/run.json', 'checksums/SHA256SUMS', 'mapping/project.json']);
  return [...digestsOf(candidateOf(project))].filter(([path]) => !sealed.has(path));
}

describe.each(['keep', 'uuid'] as const)('ways to store one database, --ids %s', (ids) => {
  const project = join(folder, `one-${ids}`);
  const [plain] = all;
  const variants = all.filter(({ name }) => EVERY || SHORT[ids]?.includes(name));
  let first: Summary;

  beforeAll(async () => {
    first = await initAndMigrate(project, plain?.file ?? '', ids);
  });

  it('has a first candidate that is worth comparing', () => {
    expect(all.length).toBe(8);
    expect(existsSync(join(candidateOf(project), 'files/blobs'))).toBe(true);
    expect(runFileOf(project).modules.length).toBe(16);
    expect(runFileOf(project).modules.reduce((sum, { count }) => sum + count, 0)).toBe(1968);
  });

  for (const { name, file } of variants) {
    it(`${name}: the mapping of the first one gives the same bytes, seal id included`, async () => {
      const before = besides(file);
      const sealed = await migrate(project, ['--allow-blockers', '--source', `sqlite:${file}`]);
      expect([sealed.dataRoot, sealed.sealId]).toEqual([first.dataRoot, first.sealId]);
      expect(besides(file)).toEqual(before);
    });

    // The bytes are the same: the last variant speaks for all.
    if (!(ids === 'keep' && EVERY) && name !== variants.at(-1)?.name) continue;

    it.skipIf(!PYTHON)(`${name}: every cell of it is in the candidate`, () => {
      const ran = compareCells(file, project);
      expect([ran.code, ran.stdout]).toEqual([0, expect.stringMatching(/^\d+ cells compared/)]);
    });

    it(`${name}: init on it alone writes the same modules`, async () => {
      const own = join(folder, `${name}-${ids}`);
      await succeed(['init', '--project', own, '--source', `sqlite:${file}`, '--ids', ids]);
      const modules = digestsOf(join(own, 'mapping/modules'));
      expect(modules).toEqual(digestsOf(join(project, 'mapping/modules')));
      expect(modules.size).toBe(16);
    });
  }

  it('init and migrate on the last one alone give the same data', async () => {
    const own = join(folder, `all-at-once-${ids}`);
    expect((await migrate(own, ['--allow-blockers'])).dataRoot).toBe(first.dataRoot);
    expect(dataOf(own)).toEqual(dataOf(project));
  });

  it('one changed cell gives another data root (negative control)', async () => {
    const changed = join(folder, `changed-${ids}.db`);
    cpSync(plain?.file ?? '', changed);
    const db = new Database(changed);
    const touched = db.prepare(`UPDATE kinds SET note = 'Zu' || char(776) || 'rich'
      WHERE note = 'Zürich'`);
    expect(touched.run().changes).toBe(1);
    db.close();
    const sealed = await migrate(project, ['--allow-blockers', '--source', `sqlite:${changed}`]);
    expect(sealed.dataRoot).not.toBe(first.dataRoot);
    const before = new Map(dataOf(join(folder, `all-at-once-${ids}`)));
    const differing = dataOf(project).filter(([path, digest]) => before.get(path) !== digest);
    const paths = differing.map(([path]) => path);
    // The text is in another normal form now, which is a finding on it.
    expect(paths).toEqual([
      'kinds/checksums/merkle.json',
      'kinds/checksums/ranges.ndjson',
      'kinds/data.ndjson',
      'kinds/findings.ndjson',
    ]);
  });
});

describe('a folder that a run reads from', () => {
  it('has no more files afterwards, and its log is not folded into the database', async () => {
    const wal = all.find(({ name }) => name === 'wal')?.file ?? '';
    const copy = join(folder, 'own-folder');
    cpSync(dirname(wal), copy, { recursive: true });
    const log = readFileSync(join(copy, 'reference.db-wal'));
    const project = join(folder, 'one-keep');
    await succeed([
      'migrate',
      '--allow-blockers',
      '--project',
      project,
      '--source',
      `sqlite:${join(copy, 'reference.db')}`,
    ]);
    expect(readdirSync(copy).sort()).toEqual(['reference.db', 'reference.db-wal']);
    expect(readFileSync(join(copy, 'reference.db-wal')).equals(log)).toBe(true);
  });
});
