/**
 * The evidence of three runs of a pilot, as a third person gets it: verified by standard tools as the page of the
 * documentation says, in a folder without Sealift, and by `evidence verify`; every byte that is changed is found.
 */

import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';

import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { times } from '../../kit/long.ts';
import { startPostgres, type Postgres } from '../../kit/postgres.ts';
import { workFolder } from '../../kit/project.ts';
import { HAS_SSH_KEYGEN } from '../../kit/reviewers.ts';
import { sealift, type Ran } from '../../kit/run.ts';
import { POSTGRES_TOOLS, toolsVersion } from '../steps/postgresTools.ts';
import { startApplication, type Application } from './application.ts';
import { ENDS, makeBags, type Bags, type End } from './bags.ts';

const CHANGES = times('SEALIFT_BAG_CHANGES', 40, 500, 120);
const FILES = times('SEALIFT_BAG_FILES', 10, 50, 20);

const PAGE = readFileSync('docs/verify-evidence.md', 'utf8');
const blocksOf = (language: string): string[] =>
  [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, block = '']) => block,
  );

/** Files of a bag that no list has, so that only `evidence verify` looks at their bytes. */
const SIGNATURES = ['tagmanifest-sha256.txt.sig', 'tagmanifest-sha256.txt.minisig'];

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** Runs the blocks of the page, up to the one that holds `part`; by default all. */
function byPage(folder: string, part?: string): { status: number | null; said: string } {
  const blocks = blocksOf('sh');
  const last =
    part === undefined ? blocks.length : blocks.findIndex((one) => one.includes(part)) + 1;
  const script = ['set -e', ...blocks.slice(0, last)].join('\n');
  const options = { cwd: folder, encoding: 'utf8', env: { PATH: process.env['PATH'] } } as const;
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], options);
  return { status, said: stdout + stderr };
}

/** Whether a standard tool finds what was done to a bag, as the page has it up to the signatures. */
const standardFinds = (folder: string): boolean => byPage(folder, 'minisign -V').status !== 0;

describe.skipIf(POSTGRES_TOOLS === null || !HAS_SSH_KEYGEN)('the evidence of a run', () => {
  const work = workFolder('pilot-evidence');
  let server: Postgres;
  let application: Application;
  let bags: Bags;
  let made = 0;

  beforeAll(async () => {
    [server, application] = await Promise.all([
      startPostgres({ version: toolsVersion() }),
      startApplication(),
    ]);
    await server.run('postgres', `CREATE ROLE pilot_owner LOGIN PASSWORD 'Pa55 w%rd'`);
    bags = await makeBags(server, application, join(work, 'made'));
  });
  afterAll(async () => {
    await application.close();
    await server.stop();
  });

  /** A folder with a copy of a bag, and with what the third person got from elsewhere. */
  function copied(end: End): string {
    const folder = join(work, String((made += 1)));
    mkdirSync(folder);
    cpSync(join(bags.folder, end, 'cutover-2025'), join(folder, 'cutover-2025'), {
      recursive: true,
    });
    copyFileSync(bags.signers, join(folder, 'allowed_signers'));
    copyFileSync(bags.publicKey, join(folder, 'evidence.pem.pub'));
    return folder;
  }

  const verify = (folder: string): Promise<Ran> =>
    sealift([
      'evidence',
      'verify',
      join(folder, 'cutover-2025'),
      '--allowed-signers',
      bags.signers,
      '--public-key',
      bags.publicKey,
    ]);

  it.each(ENDS)('of a %s run is verified by the page of the documentation', (end) => {
    const { status, said } = byPage(copied(end));
    expect(status, said).toBe(0);
    expect(said).toContain('Good "sealift-evidence" signature for ada');
    expect(said).toContain('Signature Verified Successfully');
    if (end === 'green') expect(said).toContain('Good "sealift-approval" signature for bo');
    const heads = /journal head (\w+), of the run (\w+)/.exec(bags.printed.get(end) ?? '');
    expect(said).toContain(`${heads?.[1]}  data/journal/journal.ndjson`);
    expect(said).toContain(`${heads?.[2]}  data/cutover/journal.ndjson`);
  });

  it.each(ENDS)('of a %s run is verified by sigstore, as the page says', (end) => {
    const folder = copied(end);
    // Where the packages are is the only thing that differs from a folder in which they were installed.
    const script = join('test/cutover/wien', `.verify-${process.pid}.mjs`);
    writeFileSync(script, blocksOf('js')[0] ?? '');
    try {
      const args = [script, join(folder, 'cutover-2025'), join(folder, 'evidence.pem.pub')];
      const ran = spawnSync(process.execPath, args, { encoding: 'utf8' });
      expect([ran.status, ran.stderr]).toEqual([0, '']);
      expect(ran.stdout).toMatch(/^\d+ statements are signed by this key\n$/);
      const line = join(folder, 'cutover-2025/attestations/run.intoto.jsonl');
      const text = readFileSync(line, 'utf8');
      writeFileSync(line, text.replace('"payload":"ey', '"payload":"eW'));
      expect(spawnSync(process.execPath, args, { encoding: 'utf8' }).status).toBe(1);
    } finally {
      rmSync(script);
    }
  });

  it.each([
    ['green', 'COMPLETED'],
    ['failed', 'ABORTED'],
    ['rolled back', 'ROLLED_BACK'],
  ] as const)(
    'of a %s run is verified by evidence verify, which says how it ended',
    async (end, status) => {
      const ran = await verify(copied(end));
      expect([ran.code, ran.stderr]).toEqual([0, '']);
      expect(ran.stdout).toContain(`run wien-pilot-1: ${status}`);
      expect(ran.stdout).toContain('signed by ada, key SHA256:');
      expect(ran.stdout).toContain('evidence verify: PASS');
    },
  );

  it('of a green run holds the eleven artifacts, and the state that was deployed', () => {
    const folder = join(bags.folder, 'green/cutover-2025/data/cutover');
    expect(readdirSync(join(folder, 'artifacts')).sort()).toEqual([
      'acl_scan_report.json',
      'approval_record.json',
      'auth_separation_test.json',
      'cutover_summary.json',
      'health_check.json',
      'migration_log.txt',
      'ops_drill_sick_call.json',
      'preflight_result.json',
      'roster_dry_run.json',
      'security_gate_result.json',
      'verify_hardening.json',
    ]);
    expect(filesIn(folder)).toEqual(
      expect.arrayContaining(['checklist.md', 'last-known-good.json', 'report.html']),
    );
    expect(filesIn(folder)).not.toContain('incident.md');
  });

  it.each(['failed', 'rolled back'] as const)('of a %s run holds the incident record', (end) => {
    const names = filesIn(join(bags.folder, end, 'cutover-2025/data/cutover'));
    expect(names).toContain('incident.md');
    expect(names).not.toContain('last-known-good.json');
  });

  it(`shows each of ${CHANGES} changed bytes`, async () => {
    const folder = copied('green');
    const bag = join(folder, 'cutover-2025');
    const files = filesIn(bag);
    const changes = fc.record({
      file: fc.constantFrom(...files),
      at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      to: fc.integer({ min: 1, max: 255 }),
    });
    expect(await verify(folder)).toMatchObject({ code: 0 });
    expect(standardFinds(folder)).toBe(false);
    let standard = 0;
    for (const { file, at, to } of fc.sample(changes, CHANGES)) {
      const path = join(bag, file);
      const before = readFileSync(path);
      if (before.length === 0) continue;
      const after = Buffer.from(before);
      const place = Math.floor(at * before.length);
      after[place] = (before[place] ?? 0) ^ to;
      writeFileSync(path, after);
      const what = `${file} at ${place}`;
      expect((await verify(folder)).code, what).toBe(2);
      if (!SIGNATURES.includes(file)) expect(standardFinds(folder), what).toBe(true);
      standard += Number(!SIGNATURES.includes(file));
      writeFileSync(path, before);
    }
    expect(standard).toBeGreaterThan(CHANGES / 2);
    expect(await verify(folder)).toMatchObject({ code: 0 });
  });

  it('shows each changed byte of its signatures', async () => {
    const folder = copied('failed');
    for (const file of SIGNATURES) {
      const path = join(folder, 'cutover-2025', file);
      const before = readFileSync(path);
      const step = Math.max(1, Math.floor(before.length / CHANGES));
      for (let place = 0; place < before.length; place += step) {
        const after = Buffer.from(before);
        after[place] = (before[place] ?? 0) ^ 0x01;
        writeFileSync(path, after);
        expect((await verify(folder)).code, `${file} at ${place}`).toBe(2);
      }
      writeFileSync(path, before);
    }
    expect(await verify(folder)).toMatchObject({ code: 0 });
  });

  it(`shows each of ${FILES} removals and additions`, async () => {
    const folder = copied('rolled back');
    const bag = join(folder, 'cutover-2025');
    const files = filesIn(bag);
    const removed = fc.sample(fc.constantFrom(...files), Math.ceil(FILES / 2));
    for (const file of removed) {
      const before = readFileSync(join(bag, file));
      rmSync(join(bag, file));
      expect((await verify(folder)).code, file).toBe(2);
      if (file.startsWith('data/')) expect(standardFinds(folder), file).toBe(true);
      writeFileSync(join(bag, file), before);
    }
    const folders = ['', ...new Set(files.map((file) => dirname(file)))];
    for (const [at, name] of fc
      .sample(fc.constantFrom(...folders), Math.floor(FILES / 2))
      .entries()) {
      const file = join(name, at % 3 === 0 ? 'tagmanifest-sha256.txt.asc' : `added-${at}.txt`);
      appendFileSync(join(bag, file), 'added');
      expect((await verify(folder)).code, file).toBe(2);
      if (file.startsWith('data/')) expect(standardFinds(folder), file).toBe(true);
      rmSync(join(bag, file));
    }
    expect(await verify(folder)).toMatchObject({ code: 0 });
  });
});
