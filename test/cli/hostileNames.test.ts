/**
 * Names that would move a cursor, clear a screen or turn a line around, wherever a person can put one:
 * every command is run over them, and all bytes that it writes are looked at.
 */

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { expect, it } from 'vitest';

import { workFolder } from '../kit/project.ts';
import { sealift, type Ran } from '../kit/run.ts';

/** Escape sequences of 7 and 8 bits, DEL, a bell, a line end, and what turns a line around. */
const EVIL = '\u001b[2J\u009b31m\u007f\u0007\r\n\u202etxt\u202c\u2066a\u2069\u200b\u{e0041}';

const work = workFolder('hostile');
const project = join(work, `pro${EVIL}ject`);
const file = join(work, `le${EVIL}gacy.db`);

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function writeDatabase(): void {
  const [people, dogs, column] = [`people${EVIL}`, `dogs${EVIL}`, `na${EVIL}me`].map(quoted);
  const db = new Database(file);
  db.exec(`
    PRAGMA foreign_keys = OFF;
    CREATE TABLE ${people} (id INTEGER PRIMARY KEY, ${column} TEXT UNIQUE);
    CREATE TABLE ${dogs} (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES ${people} (id), ${column});
    CREATE VIEW ${quoted(`view${EVIL}`)} AS SELECT * FROM ${people};
    INSERT INTO ${people} VALUES (1, 'a' || char(0) || 'b'), (2, char(27) || '[2J'), (3, 'a@b.example');
    INSERT INTO ${dogs} VALUES (1, 1, 5), (2, 9, 'five'), (3, 3, x'00');
  `);
  db.close();
}

/** What in a command's output a terminal would obey; the ends of lines are its own. */
function obeyed({ stdout, stderr }: Pick<Ran, 'stdout' | 'stderr'>): string[] {
  return [...`${stdout}${stderr}`.matchAll(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/gu)].map(([one]) => {
    return one.codePointAt(0)?.toString(16) ?? '';
  });
}

/** Whether a line of the output begins with what comes after a line end in a name. */
function brokenLine({ stdout, stderr }: Ran): boolean {
  return /^txt/mu.test(`${stdout}${stderr}`);
}

const COMMANDS: readonly (readonly string[])[] = [
  ['init', '--source', `sqlite:${file}`],
  ['dry-run'],
  ['migrate', '--json'],
  ['migrate', '--allow-rejected', '9'],
  ['scan-all'],
  ['scan-all', '--json'],
  ['scan-module', `people${EVIL}`],
  ['scan-pii', '--json'],
  ['scan-drift', '--counts'],
  ['verify-checksums'],
  ['verify-checksums', '--candidate', join(work, EVIL), '--json'],
  ['diff', 'v1', 'v1'],
  ['registry', 'check', '--json'],
  ['registry', 'build', `dogs${EVIL}`],
  ['freeze', '--who', EVIL, '--why', EVIL],
  ['freeze', '--who', 'ada', '--why', 'because'],
  ['promote', '--who', EVIL],
  ['promote', EVIL, '--json'],
  ['rollback', '--to', EVIL],
  ['prune', '--keep', EVIL],
  ['status'],
  ['status', '--json'],
  ['determinism', '--sample', '1', '--source', `sqlite:${join(work, EVIL)}`],
  ['drill', '--module', EVIL],
  [EVIL],
  ['migrate', `--${EVIL}`],
];

/** They start themselves. */
const STARTING: ReadonlySet<string> = new Set(['determinism', 'drill']);

it('no command writes a byte that a terminal obeys, whatever the names', async () => {
  mkdirSync(project);
  writeDatabase();
  const obeying: unknown[] = [];
  for (const [name = '', ...args] of COMMANDS) {
    const own = name === EVIL ? [] : ['--project', project];
    const env = { MIGRATE_RUN_ID: name === 'migrate' && args[0] === '--json' ? EVIL : 'run' };
    const ran = await sealift([name, ...args, ...own], {
      env,
      cwd: work,
      ...(STARTING.has(name) ? { process: true } : {}),
    });
    const found = obeyed(ran);
    if (found.length > 0 || brokenLine(ran)) obeying.push([name, ...args, found]);
    expect(`${ran.stdout}${ran.stderr}`, name).not.toContain('defect of Sealift');
    expect(`${ran.stdout}${ran.stderr}`.length, name).toBeGreaterThan(0);
  }
  expect(obeying).toEqual([]);
});

it('DECISIONS.md and the mapping are texts that can be shown', () => {
  const decisions = readFileSync(join(project, 'mapping/DECISIONS.md'), 'utf8');
  expect(decisions).toContain('\\u');
  expect(obeyed({ stdout: decisions, stderr: '' })).toEqual([]);
});

function seen(stdout: string): string[] {
  return obeyed({ stdout, stderr: '' });
}

it('the test sees what it looks for', () => {
  expect(seen('a\u001bb\u009b\u202e\n')).toEqual(['1b', '9b', '202e']);
  expect(seen('plain, ä and 漢\n')).toEqual([]);
});
