/**
 * Same source, mapping, run id: the same bytes, all of them, whatever locale, zone, umask, number
 * of workers and memory the run has. And another run id: the same data, another seal.
 */

import { spawnSync } from 'node:child_process';
import { cpSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';

import { makeVariants } from '../variants/variants.ts';
import { isLong } from '../kit/long.ts';
import {
  candidateOf,
  digestsOf,
  migrate as migrateStrictly,
  runFileOf,
  succeed,
  workFolder,
  writeMapping,
  type Summary,
} from '../kit/project.ts';
import { type RunOptions } from '../kit/run.ts';
import { underUmask } from '../kit/run.ts';

const folder = workFolder('reproducible');
const project = join(folder, 'project');
const reference = makeVariants(join(folder, 'variants'))[0]?.file ?? '';
const MACHINES = [
  { locale: 'de_DE.UTF-8', zone: 'Pacific/Kiritimati', umask: '000', args: ['--workers', '1'] },
  {
    locale: 'tr_TR.UTF-8',
    zone: 'America/St_Johns',
    umask: '0777',
    args: ['--workers', '3', '--memory', '3G'],
  },
  { locale: 'sv_SE.UTF-8', zone: 'Asia/Tokyo', umask: '022', args: ['--memory', '64M'] },
  {
    locale: 'C',
    zone: 'UTC',
    umask: '077',
    args: ['--workers', '2', '--memory', '64M'],
  },
] as const;
/** In the short form, two that differ in all. */
const EVERY = isLong('every machine');
/** The reference database holds texts with U+0000, which are BLOCKERs on rows that are kept. */
function migrate(
  at: string,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<Summary> {
  return migrateStrictly(at, ['--allow-blockers', ...args], options);
}

let first: Summary;
let bytes: Map<string, string>;

beforeAll(async () => {
  const source = `legacy=sqlite:${reference}`;
  await succeed(['init', '--project', project, '--source', source, '--ids', 'uuid']);
  first = await migrate(project);
  cpSync(candidateOf(project), join(folder, 'first'), { recursive: true, dereference: true });
  bytes = digestsOf(join(folder, 'first'));
  expect(bytes.size).toBeGreaterThan(40);
});

/** Runs again and compares every byte and the seal. */
async function sameAgain(args: readonly string[], options: RunOptions = {}): Promise<void> {
  const again = await migrate(project, args, options);
  expect([again.dataRoot, again.sealId]).toEqual([first.dataRoot, first.sealId]);
  expect(digestsOf(candidateOf(project))).toEqual(bytes);
}

/** The permissions in a folder, each once. */
function modesOf(of: string): string[] {
  const modes = new Set<string>();
  for (const entry of readdirSync(of, { recursive: true, withFileTypes: true })) {
    const { mode } = lstatSync(join(entry.parentPath, entry.name));
    modes.add(`${entry.isDirectory() ? 'folder' : 'file'} ${(mode & 0o777).toString(8)}`);
  }
  return [...modes].sort();
}

describe('a second run', () => {
  it('leaves nothing for diff -r to print', async () => {
    await migrate(project);
    const copy = join(folder, 'second');
    const copied = spawnSync('cp', ['-rL', candidateOf(project), copy], { encoding: 'utf8' });
    expect([copied.status, copied.stderr]).toEqual([0, '']);
    const diff = spawnSync('diff', ['-r', join(folder, 'first'), copy], { encoding: 'utf8' });
    expect([diff.status, diff.stdout, diff.stderr]).toEqual([0, '', '']);
  });

  for (const { locale, zone, umask, args } of EVERY ? MACHINES : MACHINES.slice(1, 3)) {
    const name = `${locale}, ${zone}, umask ${umask}, ${args.join(' ')}`;
    it(`gives the same bytes under ${name}`, async () => {
      const env = { LANG: locale, LC_ALL: locale, TZ: zone, HOME: `/${zone}`, USER: locale };
      await sameAgain(args, { env, wrap: underUmask(umask), process: true });
      expect(modesOf(candidateOf(project))).toEqual(['file 600', 'folder 700']);
    });
  }

  it('would notice: the runtime itself heeds locale and zone (negative control)', () => {
    const shown = MACHINES.map(({ locale, zone }) => {
      const script = `['i', 'ä', 'z'].sort(new Intl.Collator().compare).join('')
        + 'i'.toLocaleUpperCase() + new Date(0).getHours()`;
      const env = { LANG: locale, LC_ALL: locale, TZ: zone };
      return spawnSync(process.execPath, ['-p', script], { env, encoding: 'utf8' }).stdout;
    });
    expect(new Set(shown).size).toBe(MACHINES.length);
  });

  it('gives the same bytes from another folder, with the source named by another path', async () => {
    const args = ['--source', 'legacy=sqlite:./variants/../variants/utf-8/reference.db'];
    await sameAgain(args, { cwd: folder });
  });
});

describe('another run', () => {
  it('with another run id has the same data root and another seal id', async () => {
    const other = await migrate(project, [], { env: { MIGRATE_RUN_ID: 'rehearsal-2' } });
    expect(other.dataRoot).toBe(first.dataRoot);
    expect(other.sealId).not.toBe(first.sealId);
    expect(runFileOf(project).runId).toBe('rehearsal-2');
    const now = digestsOf(candidateOf(project));
    const changed = [...now.keys()].filter((path) => now.get(path) !== bytes.get(path));
    expect(changed).toEqual(['checksums/SHA256SUMS', 'checksums/run.json']);
  });

  it('of a source with one row less has another data root (negative control)', async () => {
    const less = join(folder, 'less.db');
    cpSync(reference, less);
    const db = new Database(less);
    expect(db.prepare(`DELETE FROM words WHERE word = 'plain'`).run().changes).toBe(1);
    db.close();
    const other = await migrate(project, ['--source', `legacy=sqlite:${less}`]);
    expect(other.dataRoot).not.toBe(first.dataRoot);
    expect(runFileOf(project).modules.length).toBe(16);
  });
});

describe('local times of a zone', () => {
  const local = join(folder, 'local');
  const roots = new Set<string>();
  const ZONES = ['Pacific/Kiritimati', 'America/St_Johns'];

  beforeAll(() => {
    const db = new Database(join(folder, 'local.db'));
    db.exec(`CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT)`);
    const insert = db.prepare('INSERT INTO t (at) VALUES (?)');
    for (let month = 1; month <= 12; month++) {
      insert.run(`2024-${String(month).padStart(2, '0')}-15 12:30:00.5`);
    }
    db.close();
    writeMapping(local, {
      sources: { main: `sqlite:${join(folder, 'local.db')}` },
      modules: {
        t: {
          source: { table: 't' },
          key: [{ column: 'id', type: 'integer' }],
          id: { rule: 'keep' },
          fields: {
            id: { column: 'id', type: 'integer' },
            at: { column: 'at', type: 'timestamptz(1)', zone: 'America/St_Johns' },
          },
        },
      },
    });
  });

  it.each(EVERY ? ZONES : ZONES.slice(1))('are the same in TZ=%s', async (TZ) => {
    roots.add((await migrate(local)).sealId);
    roots.add((await migrate(local, [], { env: { TZ }, process: true })).sealId);
    expect(roots.size).toBe(1);
    const lines = digestsOf(candidateOf(local));
    expect(lines.has('t/data.ndjson')).toBe(true);
  });
});
