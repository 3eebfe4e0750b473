/**
 * A thousand values that a policy keeps out, planted in a source: after every command, a crash and a mapping
 * that fails, none of them is in what was printed or left behind, in any form that tells it.
 */

import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import { workFolder, writeMapping } from '../kit/project.ts';
import { sealift, start } from '../kit/run.ts';

const CORE = 'Qzx7 ';
const COLUMNS = ['dropped', 'encrypted', 'hashed', 'pseudonymised'] as const;
const COUNT = 1000;
const ROOT = workFolder('canaries');
const PROJECT = join(ROOT, 'project');
const SCRATCH = join(ROOT, 'tmp');
const ENV = {
  TMPDIR: SCRATCH,
  SEALIFT_KEY_CANARY: randomBytes(32).toString('base64'),
};
const OPTIONS = { process: true, env: ENV, cwd: ROOT } as const;

const canaries = Array.from({ length: COUNT }, (_, at) => {
  return `${CORE}${randomBytes(6).toString('hex')}é ${at}`;
});

/** Forms of the part that all canaries have: as written, and encoded; at each offset of base64. */
function encodings(): string[] {
  const bytes = Buffer.from(CORE);
  const base64 = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    return text.slice(offset === 0 ? 0 : offset + 1, 4 * Math.floor((offset + bytes.length) / 3));
  });
  const wide = Buffer.from(CORE, 'utf16le').toString('latin1');
  const plain = [CORE, CORE.toLowerCase(), CORE.toUpperCase(), wide, 'Qzx7%20', 'Qzx7+'];
  return [...plain, bytes.toString('hex'), bytes.toString('hex').toUpperCase(), ...base64];
}

/** Digests without a key, which a guess confirms. */
function digests(): Set<string> {
  const found = new Set<string>();
  for (const canary of canaries) {
    for (const text of [canary, canary.toLowerCase(), JSON.stringify(canary)]) {
      for (const algorithm of ['sha256', 'sha1', 'md5', 'sha512']) {
        const digest = createHash(algorithm).update(text).digest();
        found.add(digest.toString('hex'));
        found.add(digest.toString('base64').replaceAll('=', ''));
        found.add(digest.toString('base64url'));
      }
    }
  }
  return found;
}

const ENCODINGS = encodings();
const DIGESTS = digests();

/** Returns in which form a canary is in a text of bytes; none if it is in none. */
function formsIn(text: string): string[] {
  const encoded = ENCODINGS.filter((form) => text.includes(form));
  const words = text.match(/[A-Za-z0-9+/_-]{22,128}/g) ?? [];
  return [...encoded, ...words.filter((word) => DIGESTS.has(word))];
}

function* filesIn(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    else if (entry.isFile()) yield path;
  }
}

/** Looks into every file but the source and the mapping. */
function leaksIn(...printed: readonly string[]): string[] {
  const files = [...filesIn(ROOT)].filter((path) => !/legacy\.db|\/project\/mapping\//.test(path));
  expect(files.length).toBeGreaterThan(0);
  const inFiles = files.flatMap((path) =>
    formsIn(readFileSync(path, 'latin1')).map((form) => `${path}: ${form}`),
  );
  return [...printed.flatMap(formsIn), ...inFiles];
}

function text(column: string): object {
  return { column, type: 'string' };
}

/** Writes the source and the mapping; `type` is that of a column into which texts were put by mistake. */
function write(type: string): void {
  const declared = COLUMNS.map((name) => [name, { class: 'PERSON', treatment: name }] as const);
  writeMapping(PROJECT, {
    sources: { main: 'sqlite:legacy.db' },
    modules: {
      people: {
        source: { table: 'people' },
        key: [{ column: 'id', type: 'integer' }],
        id: { rule: 'uuid' },
        fields: {
          nr: { column: 'id', type: 'integer' },
          encrypted: text('encrypted'),
          hashed: text('hashed'),
          pseudonymised: text('pseudonymised'),
          number: { column: 'number', type },
        },
        dropped: { dropped: 'not needed' },
        pii: { policy: 1, default: 'allow', keyId: 'canary', fields: Object.fromEntries(declared) },
      },
    },
  });
}

function writeSource(): void {
  const db = new Database(join(PROJECT, 'legacy.db'));
  db.exec(`CREATE TABLE people (id INTEGER PRIMARY KEY, ${COLUMNS.join(' TEXT, ')} TEXT, number)`);
  const insert = db.prepare('INSERT INTO people VALUES (?, ?, ?, ?, ?, ?)');
  for (const [at, canary] of canaries.entries()) {
    const cells = COLUMNS.map((_, index) => (at % COLUMNS.length === index ? canary : 'nothing'));
    insert.run(at + 1, ...cells, at);
  }
  db.close();
}

describe('values that a policy keeps out', { timeout: 120_000 }, () => {
  mkdirSync(PROJECT);
  mkdirSync(SCRATCH);

  it('would be found in any of these forms (control)', () => {
    const canary = canaries[7] ?? '';
    const sha = createHash('sha256').update(canary).digest('hex');
    const forms = [
      `x ${canary} y`,
      Buffer.from(`ab${canary}`).toString('base64'),
      Buffer.from(`a${canary}`).toString('base64'),
      Buffer.from(canary).toString('hex'),
      encodeURIComponent(canary),
      `{"id":"${sha}"}`,
    ];
    for (const form of forms) expect(formsIn(form), form).not.toEqual([]);
  });

  it('are in nothing that a whole migration prints and leaves behind', async () => {
    write('integer');
    writeSource();
    const project = ['--project', PROJECT];
    const printed: string[] = [];
    for (const args of [
      ['dry-run'],
      ['migrate'],
      ['scan-all'],
      ['scan-pii', '--json'],
      ['load', '--target', `sqlite:${join(ROOT, 'new.db')}`],
      ['reconcile', '--target', `sqlite:${join(ROOT, 'new.db')}`],
      ['status'],
    ]) {
      const { code, stdout, stderr } = await sealift([...args, ...project], OPTIONS);
      expect([args[0], code, stderr.includes('FAIL')]).toEqual([args[0], 0, false]);
      printed.push(stdout, stderr);
    }
    expect(leaksIn(...printed)).toEqual([]);
  });

  it('are in nothing that a crash leaves behind', async () => {
    const { child, ended } = start(['migrate', '--project', PROJECT], OPTIONS);
    await setTimeout(600);
    child.kill('SIGKILL');
    const { stdout, stderr } = await ended;
    const { code, ...injected } = await sealift(['migrate', '--project', PROJECT], {
      ...OPTIONS,
      env: { ...ENV, MIGRATE_FAIL_AFTER_MODULE: 'people' },
    });
    expect(code).not.toBe(0);
    expect(leaksIn(stdout, stderr, injected.stdout, injected.stderr)).toEqual([]);
  });

  it('are in nothing that a mapping which fails on them says', async () => {
    const db = new Database(join(PROJECT, 'legacy.db'));
    db.exec(`UPDATE people SET number = '${canaries[3] ?? ''}' WHERE id = 4`);
    db.close();
    const printed: string[] = [];
    for (const args of [['dry-run'], ['migrate'], ['dry-run', '--json']]) {
      const { code, stdout, stderr } = await sealift([...args, '--project', PROJECT], OPTIONS);
      expect(code).not.toBe(0);
      printed.push(stdout, stderr);
    }
    write('no-such-type');
    const wrong = await sealift(['dry-run', '--project', PROJECT], OPTIONS);
    expect(wrong.code).not.toBe(0);
    expect(leaksIn(...printed, wrong.stdout, wrong.stderr)).toEqual([]);
    process.stdout.write(`canaries: ${COUNT} in ${ENCODINGS.length + 36} forms, none found\n`);
  });
});
