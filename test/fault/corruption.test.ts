/** Every change of a sealed candidate is detected; an unchanged one never raises an alarm. */

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { verifyCandidate, type Verification } from '../../src/seal/verify.ts';
import { reportFiles, terminalLines } from '../../src/report/summary.ts';
import { checkOutcome } from '../../src/outcome/outcome.ts';
import { sealift } from '../kit/run.ts';
import { randomOf } from '../dogschool/random.ts';
import { CORRUPTIONS, readFiles, restore, resum, type Files } from './corruptions.ts';
import {
  HASHING,
  initialise,
  migrateHere,
  newProject,
  SECRET,
  temporaryFolder,
  treeOf,
  writeKennel,
} from './fixture.ts';
import { times } from '../kit/long.ts';

let project: string;
let sealId: string;
let files: Files;
let target: string;
/** What the unharmed candidate looks like. */
let clean: string;

beforeAll(async () => {
  project = await newProject(20);
  sealId = (await migrateHere(project)).sealId ?? '';
  files = readFiles(join(project, 'storage_candidate/v1'));
  target = join(temporaryFolder(), 'candidate');
  restore(target, files);
  clean = [...treeOf(target)].join('\n');
});

afterAll(() => {
  rmSync(project, { recursive: true });
  rmSync(join(target, '..'), { recursive: true });
});

const verify = (expected: string | null = null): Promise<Verification> =>
  verifyCandidate(target, expected, HASHING);

/** Everything that a report and a terminal would show of a verification. */
function shown(result: Verification): string {
  const outcome = checkOutcome({
    command: 'verify-checksums',
    modules: [],
    findings: result.findings,
    notes: [],
  });
  const files = reportFiles(outcome, { startedAt: '', milliseconds: 0 });
  const texts = [...files.values()].map((file) =>
    typeof file === 'string' ? file : Buffer.concat([...file]).toString('utf8'),
  );
  return [...texts, ...terminalLines(outcome, null, String)].join('\n');
}

const KINDS = Object.keys(CORRUPTIONS);
/** More on demand: `SEALIFT_CORRUPTIONS=10000`. */
const CORRUPTED = times('SEALIFT_CORRUPTIONS', KINDS.length, 1000, 200);
const CLEAN = Math.ceil(CORRUPTED / 10);
/** Those that make files of names that a terminal must not be shown as they are. */
const NAMING = KINDS.filter((kind) => /^extra |^name /.test(kind));
/** Of each kind, what a terminal is shown; the names differ from seed to seed. */
const SHOWN = times('SEALIFT_CORRUPT_SHOWN', 3, 8);
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
/** Milliseconds: a machine may be slow, and each takes its time. */
const timeout = 60_000 + CORRUPTED * 100;

/** Harms a fresh copy by the kind that belongs to the seed, until it really differs. */
function harm(seed: number, kinds: readonly string[] = KINDS): string {
  const kind = kinds[seed % kinds.length] ?? '';
  const random = randomOf(seed, kind);
  restore(target, files);
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const what = CORRUPTIONS[kind]?.(target, files, random);
    if ([...treeOf(target)].join('\n') !== clean) return `${kind}: ${what} (seed ${seed})`;
  }
  throw new Error(`${kind} changes nothing`);
}

describe('a corrupted candidate', () => {
  it(
    `is detected, ${CORRUPTED} times, without a crash and without a value`,
    { timeout },
    async () => {
      const missed: string[] = [];
      const leaks: string[] = [];
      const seen = new Set<string>();
      for (let seed = 0; seed < CORRUPTED; seed += 1) {
        const what = harm(seed);
        seen.add(what.slice(0, what.indexOf(':')));
        const result = await verify();
        if (result.findings.length === 0) missed.push(what);
        if (shown(result).includes(SECRET)) leaks.push(what);
      }
      expect(missed).toEqual([]);
      expect(leaks).toEqual([]);
      expect(seen.size).toBe(KINDS.length);
    },
  );

  it('says in one printable line each what is wrong, whatever the names of files', async () => {
    const kinds = SHOWN < 8 ? NAMING : KINDS;
    for (let seed = 0; seed < kinds.length * SHOWN; seed += 1) {
      const what = harm(seed, kinds);
      const outcome = checkOutcome({
        command: 'verify-checksums',
        modules: [],
        findings: (await verify()).findings,
        notes: [],
      });
      for (const line of terminalLines(outcome, null, String)) {
        expect(line, what).not.toMatch(UNPRINTABLE);
      }
    }
  });

  it('makes the command end with 2, without a trace of the program or of a record', async () => {
    const copies = Array.from({ length: times('SEALIFT_CORRUPT_COMMANDS', 4, 24) }, (_, seed) => {
      const what = harm(seed);
      const folder = join(project, `harmed-${seed}`);
      cpSync(target, folder, { recursive: true, verbatimSymlinks: true });
      return { what, folder };
    });
    for (const [at, { what, folder }] of copies.entries()) {
      const args = ['verify-checksums', '--project', project, '--candidate', folder];
      // Every other one with threads of their own.
      const { code, stdout, stderr } = await sealift([
        ...args,
        ...(at % 2 === 0 ? [] : ['--workers', '1']),
      ]);
      expect(code, what).toBe(2);
      expect(stdout, what).toMatch(/verify-checksums: FAIL\n/);
      expect(stdout + stderr, what).not.toMatch(new RegExp(`${SECRET}| {4}at |file://`));
      rmSync(folder, { recursive: true });
    }
  });
});

describe('a clean candidate', () => {
  it(`raises no alarm, ${CLEAN} times`, { timeout }, async () => {
    const folder = temporaryFolder();
    const seals = new Set<string>();
    try {
      for (let seed = 0; seed < CLEAN; seed += 1) {
        if (seed % 10 === 0) {
          rmSync(folder, { recursive: true });
          mkdirSync(folder);
          const rows = randomOf(seed, 'rows').integer(1, 60);
          writeKennel(join(folder, 'legacy.db'), rows, seed);
          await initialise(folder, seed % 20 === 0 ? 'keep' : 'uuid');
        }
        const { sealId: id = '' } = await migrateHere(folder, { runId: `run-${seed}` });
        seals.add(id);
        const candidate = join(folder, 'storage_candidate/v1');
        const result = await verifyCandidate(candidate, id, HASHING);
        expect(result.findings, `seed ${seed}`).toEqual([]);
        expect(result.records, `seed ${seed}`).toBeGreaterThan(0);
        expect(result.sealId).toBe(id);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(seals.size).toBe(CLEAN);
  });

  it('raises none after it was put back together', async () => {
    harm(1);
    restore(target, files);
    expect((await verify(sealId)).findings).toEqual([]);
  });
});

describe('a seal that was made again', () => {
  /** What run.json binds, beyond the list of checksums; of a schema.json it binds the form. */
  const BOUND = /\/data\.ndjson$|ranges\.ndjson$|merkle\.json$|^mapping\/|\/blobs\//;

  it('is inconsistent when anything changed that run.json or a tree binds', async () => {
    const missed: string[] = [];
    for (let seed = 0; seed < times('SEALIFT_RESEALED', 20, 400, 100); seed += 1) {
      const random = randomOf(seed, 'made again');
      restore(target, files);
      const [path, bytes] = random.pick([...files].filter(([name]) => BOUND.test(name)));
      const place = random.integer(0, bytes.length - 1);
      const changed = Buffer.from(bytes);
      changed[place] = (changed[place] ?? 0) ^ (1 << random.integer(0, 7));
      writeFileSync(join(target, path), changed);
      resum(target);
      const result = await verify();
      if (result.findings.length === 0) missed.push(`${path} at ${place} (seed ${seed})`);
      expect(result.findings.map(({ rule }) => rule)).not.toContain('seal-unexpected');
    }
    expect(missed).toEqual([]);
  });

  it('is inconsistent when a line of data was dropped, swapped or doubled', async () => {
    for (const kind of ['line dropped', 'lines swapped', 'line doubled', 'lines reversed']) {
      for (let seed = 0; seed < times('SEALIFT_RESEALED_LINES', 4, 20); seed += 1) {
        restore(target, files);
        const data = new Map([...files].filter(([path]) => path.endsWith('data.ndjson')));
        const what = CORRUPTIONS[kind]?.(target, data, randomOf(seed, kind)) ?? '';
        const same = readFileSync(join(target, what)).equals(files.get(what) ?? Buffer.alloc(0));
        resum(target);
        const rules = (await verify()).findings.map(({ rule }) => rule);
        expect(rules.includes('merkle'), `${kind} ${what} ${seed}`).toBe(!same);
      }
    }
  });

  it('is inconsistent when a blob that a record names is gone', async () => {
    restore(target, files);
    const blob = [...files.keys()].find((path) => path.includes('/blobs/')) ?? '';
    rmSync(join(target, blob));
    resum(target);
    expect((await verify()).findings.map(({ rule }) => rule)).toEqual(['file-missing']);
  });

  it('is never the expected one, whatever was changed', async () => {
    for (const [path, bytes] of files) {
      if (path === 'checksums/SHA256SUMS') continue;
      restore(target, files);
      writeFileSync(join(target, path), Buffer.concat([bytes, Buffer.from('\n')]));
      resum(target);
      const rules = (await verify(sealId)).findings.map(({ rule }) => rule);
      expect(rules, path).toContain('seal-unexpected');
    }
  });

  it('is not the expected one when it is an older one of the same data', async () => {
    const { sealId: newer = '' } = await migrateHere(project, { runId: 'run-newer' });
    restore(target, files);
    expect((await verify(sealId)).findings).toEqual([]);
    expect((await verify()).findings).toEqual([]);
    const rules = (await verify(newer)).findings.map(({ rule }) => rule);
    expect(rules).toEqual(['seal-unexpected']);
  });
});
