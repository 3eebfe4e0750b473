/**
 * What a person may do wrong with a cutover, and what an attacker may change on its way: each time one line says
 * what is wrong, where, and what to do next, and nothing of the step is done.
 */

import { cpSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import { startPostgres } from '../kit/postgres.ts';
import { start } from '../kit/run.ts';
import { acquireLock } from '../../src/disk/lock.ts';
import { BEFORE, journalPath, linesOf, stateOfShop } from './shop.ts';
import { clock, isOneLine, refused, replaced, RESUME, RUN, shop, told, waiting } from './told.ts';

const BOMB = ['a: &a [x,x,x,x,x,x,x,x,x]']
  .concat(
    'bcdefgh'.split('').map((name, at) => {
      const before = 'abcdefgh'[at];
      return `${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(',')}]`;
    }),
  )
  .join('\n');

/** Adds a step, after all changes, on a database that is not there. */
const late = (text: string): string =>
  text
    .replace('inputs: {', 'inputs: { new: "sqlite:new.db",')
    .concat('  - { id: late, use: sql.count, on: new, query: "SELECT 1", expect: "== 1" }\n');

describe('a run does not begin', () => {
  it.each([
    [
      'an unknown type of step',
      replaced('use: exec', 'use: exce'),
      64,
      /\(shop\.yaml:\d+:\d+\).*exec/,
    ],
    ['a wrong schema', replaced('rehearse: true', 'rehearse: perhaps'), 64, /\(shop\.yaml:6:\d+\)/],
    ['a YAML bomb', () => BOMB, 64, /values|schema|shop\.yaml/],
    [
      'a BLOCKER',
      replaced('requires: [migrate]', 'requires: [nothing]'),
      64,
      /BLOCKER.*cutover lint/,
    ],
  ] as const)('of a runbook with %s', async (_, change, code, line) => {
    await refused(shop(change), RUN, code, line);
  });

  it('without its secret, which is named', async () => {
    await refused(shop(), RUN, 64, /secret of input "?db"? is missing: set SHOP_DB/, { env: {} });
  });

  it.each([
    ['run', RUN],
    ['a dry run', ['run', '--dry-run']],
  ])('without its database: %s', async (_, args) => {
    const env = { SHOP_DB: 'sqlite:other.db' };
    const line = /database of input db does not exist .*other\.db.*: create it/;
    await refused(shop(), args, 64, line, { env });
  });

  it('without a database that only a later step uses, and a dry run tells so', async () => {
    for (const args of [RUN, ['run', '--dry-run']]) {
      await refused(shop(late), args, 64, /database of input new does not exist .*new\.db/);
    }
  });

  it('with a host that is not reached', async () => {
    const env = { SHOP_DB: 'postgres://ada:not-said@127.0.0.1:1/shop' };
    const folder = shop();
    await refused(folder, RUN, 1, /127\.0\.0\.1:1/, { env });
    const said = await told(folder, RUN, { env });
    expect(said.stderr).not.toContain('not-said');
  });

  it('without a name, or by a person without the role', async () => {
    const folder = shop();
    await refused(folder, ['run'], 64, /name of the person.*--who/);
    await refused(folder, ['run', '--who', 'bo'], 64, /bo does not have the role operator/);
    await refused(folder, ['run', '--who', 'a\nb'], 64, /--who/);
  });

  it('without the name of what is cut over, or with another', async () => {
    const folder = shop((text) => text.replace('roles:', 'target: production\nroles:'));
    await refused(folder, RUN, 64, /has to be named.*--confirm/);
    await refused(folder, [...RUN, '--confirm', 'productoin'], 64, /is not that of.*--confirm/);
  });

  it('while one is open', async () => {
    const folder = await waiting();
    await refused(folder, RUN, 64, /shop-1 is not over.*resume.*abort/);
  });

  it('while another cutover of the project is at work; nor does one go on or back', async () => {
    const folder = await waiting();
    const since = new Date().toISOString();
    const held = acquireLock(join(folder, 'storage_cutovers'), {
      command: 'cutover run',
      pid: process.pid,
      since,
    });
    const back = ['rollback', '--who', 'ada'];
    await refused(
      folder,
      back,
      1,
      /cutover run .* is at work .*hold it with sealift cutover pause/,
    );
    await refused(folder, RESUME, 1, /is at work .*: hold it/);
    held.release();
    expect((await told(folder, back)).code).toBe(4);
  });
});

describe('a run does not go on', () => {
  it('with another runbook', async () => {
    const folder = await waiting();
    const path = join(folder, 'shop.yaml');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace('">= 3"', '">= 2"'));
    for (const args of [RESUME, ['tick'], ['approve', '--who', 'bo']]) {
      await refused(
        folder,
        args,
        64,
        /runbook is not the one that the run began with \(shop\.yaml\)/,
      );
    }
    // Comments and spaces say nothing.
    writeFileSync(path, `# comment\n${text}`);
    expect((await told(folder, RESUME)).code).toBe(3);
    // The run is shown, and taken back, by the runbook that it began with.
    expect((await told(folder, ['status'])).code).toBe(0);
    expect((await told(folder, ['rollback', '--who', 'ada'])).code).toBe(4);
  });

  it('with another file of a migration', async () => {
    const folder = await waiting();
    writeFileSync(join(folder, 'do/03.sql'), 'DROP TABLE done;');
    await refused(
      folder,
      RESUME,
      64,
      /not as it was when the run began \(do\/03\.sql\): restore it/,
    );
    await refused(folder, ['tick'], 64, /do\/03\.sql/);
  });

  it('with one file more', async () => {
    const folder = await waiting();
    writeFileSync(join(folder, 'do/04.sql'), 'DROP TABLE done;');
    await refused(folder, RESUME, 64, /not as it was .*do\/04\.sql/);
  });

  it.each([['resume'], ['tick'], ['rollback']])(
    'with another database in place of its own: %s',
    async (name) => {
      const folder = await waiting();
      cpSync(join(folder, 'shop.db'), join(folder, 'copy.db'));
      const who = name === 'tick' ? [] : ['--who', 'ada'];
      const env = { SHOP_DB: 'sqlite:copy.db' };
      await refused(folder, [name, ...who], 64, /databases or applications are not those/, { env });
      renameSync(join(folder, 'shop.db'), join(folder, 'old.db'));
      renameSync(join(folder, 'copy.db'), join(folder, 'shop.db'));
      await refused(folder, [name, ...who], 64, /databases or applications are not those/);
    },
  );

  it('while the clock is back, but a little', async () => {
    const folder = await waiting();
    const now = clock(-3_600_000);
    await refused(folder, RESUME, 64, /clock .* the last line of the run/, { now });
    await refused(folder, ['approve', '--who', 'bo'], 64, /clock|future/, { now });
    const little = clock(-2000);
    expect((await told(folder, RESUME, { now: little })).code).toBe(3);
  });

  it.each([
    ['an edited line', (text: string) => text.replace('"verdict":"PASS"', '"verdict":"WARN"')],
    ['a line less', (text: string) => text.split('\n').toSpliced(6, 1).join('\n')],
    ['its end cut off', (text: string) => `${text.split('\n').slice(0, 9).join('\n')}\n`],
    [
      'two lines exchanged',
      (text: string) => {
        const lines = text.split('\n');
        return lines
          .with(4, lines[5] ?? '')
          .with(5, lines[4] ?? '')
          .join('\n');
      },
    ],
    ['nothing in it', () => ''],
    ['bytes that are no text', () => '\uFFFD\0\u0001\n'],
  ])('with a journal with %s', async (_, change) => {
    const folder = await waiting();
    const text = readFileSync(journalPath(folder), 'utf8');
    writeFileSync(journalPath(folder), change(text));
    for (const args of [
      RESUME,
      ['tick'],
      ['rollback', '--who', 'ada'],
      ['approve', '--who', 'bo'],
      ['status'],
    ]) {
      const ran = await told(folder, args);
      expect(isOneLine(ran.line), `${String(args)}: ${ran.line}`).toBe(true);
      expect([1, 64]).toContain(ran.code);
    }
  });

  it('with a link in place of its journal', async () => {
    const folder = await waiting();
    renameSync(journalPath(folder), join(folder, 'elsewhere'));
    symlinkSync(join(folder, 'elsewhere'), journalPath(folder));
    for (const args of [
      RESUME,
      ['status'],
      ['approve', '--who', 'bo'],
      ['pause', '--who', 'ada'],
    ]) {
      const ran = await told(folder, args);
      expect([ran.code, isOneLine(ran.line)], `${String(args)}: ${ran.line}`).toEqual([1, true]);
    }
  });

  it('under the name of another one, or of a path', async () => {
    const folder = await waiting();
    for (const run of [
      '../shop-1',
      'shop-1/',
      'shop-2',
      'shop-01',
      '..',
      '.',
      '',
      'shop-1/../shop-1',
    ]) {
      await refused(folder, [...RESUME, '--run', run], 64, /there is no such run .*shop-1/);
      await refused(folder, ['status', '--run', run], 64, /there is no such run/);
    }
  });
});

const noReturn = (runbook: string): string =>
  runbook.replace(
    'key: closed, set: false, undo',
    'key: closed, set: false, pointOfNoReturn: true, undo',
  );

describe('a person answers', () => {
  it('only for a step that is held, and with a reason', async () => {
    const folder = await waiting();
    const answers = [
      [
        '--again',
        'closed',
        /--again is for a step that failed, .* and may run again; closed is PASS/,
      ],
      [
        '--done',
        'closed',
        /--done is for a step that failed, .* its effect is there; closed is PASS/,
      ],
      ['--waive', 'closed', /--waive is for .* the run goes on without; closed is PASS/],
      [
        '--waive',
        'approve',
        /a gate opens by its approvals, its time or its metrics, and not by --waive/,
      ],
      ['--again', 'nothing', /nothing is recorded, as there is no such step/],
    ] as const;
    for (const [option, step, line] of answers) {
      await refused(folder, [...RESUME, option, step, '--why', 'x'], 64, line);
    }
    const back = ['rollback', '--who', 'ada', '--done', 'closed', '--why', 'x'];
    await refused(
      folder,
      back,
      64,
      /a way back that failed or was cut off, and that of closed was not/,
    );
  });

  it('with what a held step said, in the past', async () => {
    const folder = shop((text) => text.replace('">= 3"', '">= 9"'));
    expect((await told(folder, RUN)).line).toContain('held at migrate, which failed');
    await refused(folder, [...RESUME, '--waive', 'migrate'], 64, /a waiver needs a reason .*--why/);
  });
});

describe('a run does not go back', () => {
  it('under the name of another run', async () => {
    const folder = await waiting(noReturn);
    const back = ['rollback', '--who', 'ada', '--accept-data-loss'];
    for (const name of ['shop-2', 'shop', 'SHOP-1', '']) {
      await refused(
        folder,
        [...back, name],
        64,
        /is named by the run that is taken back .*give shop-1/,
      );
    }
  });

  it('twice', async () => {
    const folder = await waiting();
    expect((await told(folder, ['rollback', '--who', 'ada'])).code).toBe(4);
    // Again is as if it was not said: a process that was killed at its end had nothing left to do.
    const lines = linesOf(folder);
    const again = await told(folder, ['rollback', '--who', 'ada']);
    expect(again.code).toBe(4);
    expect(again.stderr).toContain('shop-1 was rolled back before, and nothing was recorded now');
    expect(linesOf(folder)).toEqual(lines);
    for (const name of ['pause', 'abort', 'panic']) {
      await refused(folder, [name, '--who', 'ada'], 1, /nothing to .* as the run is ROLLED_BACK/);
    }
  });
});

describe('two operators on one PostgreSQL', () => {
  it('are told of each other, from two projects', async () => {
    const server = await startPostgres();
    try {
      const url = await server.create('two', 'CREATE TABLE a (id int)');
      const runbook = `runbook: shop
inputs: { db: { secret: SHOP_DB } }
roles: { operator: [ada, eve] }
steps:
  - { id: counted, use: sql.count, query: "SELECT count(*) FROM a", expect: "== 0" }
  - { id: slow, use: exec, run: [sleep, "20"], changes: false }
`;
      const [one, other] = [shop(() => runbook), shop(() => runbook)];
      const env = { SHOP_DB: url };
      const first = start(['cutover', 'run', 'shop.yaml', '--who', 'ada'], { cwd: one, env });
      try {
        for (let tries = 0; linesOf(one) < 4 && tries < 400; tries += 1)
          await new Promise((done) => setTimeout(done, 50));
        await refused(
          other,
          ['run', '--who', 'eve'],
          1,
          /ada.* is at work in a cutover of this database .*wait until/,
          { env },
        );
        expect(linesOf(other)).toBe(0);
      } finally {
        first.child.kill('SIGKILL');
        await first.ended;
      }
    } finally {
      await server.stop();
    }
  }, 120_000);
});

describe('these tests', () => {
  it('would see what is done (negative control)', async () => {
    const folder = shop();
    await expect(refused(folder, RUN, 3, /waits at approve/)).rejects.toThrow();
    expect(stateOfShop(folder)).not.toEqual(BEFORE);
    const database = new Database(join(folder, 'shop.db'), { readonly: true });
    expect(database.prepare('SELECT count(*) FROM done').pluck().get()).toBe(4);
    database.close();
  });
});
