/** What may be wrong with promote, rollback, prune and status. */

import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { appendMembers } from '../../src/journal/journal.ts';
import type { JournalMembers } from '../../src/journal/line.ts';
import { sealift } from '../kit/run.ts';
import { inTheWay, type Case } from './messageCase.ts';

const ID = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);

const PROMOTE: readonly string[] = ['promote', '--project', 'PROJECT'];
const ROLLBACK: readonly string[] = ['rollback', '--project', 'PROJECT'];
const PRUNE: readonly string[] = ['prune', '--project', 'PROJECT'];
const STATUS: readonly string[] = ['status', '--project', 'PROJECT'];

/** Folders by the name of candidates: what is refused before they are read. */
function folders(project: string): void {
  for (const id of [ID, OTHER, `aaaaaaaa${'c'.repeat(56)}`]) {
    mkdirSync(join(project, 'storage_candidate/sealed', id), { recursive: true });
  }
  symlinkSync(`sealed/${ID}`, join(project, 'storage_candidate/v1'));
}

function write(project: string, events: readonly JournalMembers[]): void {
  const writer = { command: 'test', pid: 1, at: '2025-01-31T10:00:00.000Z' };
  appendMembers(join(project, 'storage_journal'), writer, events);
}

/** The same, as migrate has left them: the current one last. */
function candidates(project: string): void {
  folders(project);
  write(
    project,
    [OTHER, ID].map((id) => ({ event: 'sealed', candidate: id, sealId: id })),
  );
}

function journaled(...events: readonly JournalMembers[]): (project: string) => void {
  return (project) => {
    candidates(project);
    write(project, events);
  };
}

function scanned(verdict: string, WARNING: number): JournalMembers {
  const counts = { BLOCKER: 0, WARNING, INFO: 0 };
  return { event: 'scan', sealId: ID, checks: 'd'.repeat(64), verdict, counts };
}

function live(target: string): (project: string) => void {
  return (project) => {
    candidates(project);
    symlinkSync(target, join(project, 'storage_live'));
  };
}

/** Adds members to mapping/project.json, of a project with candidates. */
function agreed(members: object): (project: string) => void {
  return (project) => {
    candidates(project);
    const path = join(project, 'mapping/project.json');
    const before = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...before, ...members }));
  };
}

export const POINTERS: readonly Case[] = [
  { name: 'promote without a candidate', args: PROMOTE, code: 1 },
  { name: 'rollback without a candidate', args: ROLLBACK, code: 1 },
  { name: 'prune without a candidate', args: PRUNE, code: 1 },
  {
    name: 'promote of a seal id that is none',
    args: [...PROMOTE, 'latest'],
    code: 64,
    prepare: candidates,
  },
  {
    name: 'promote of a seal id of nothing',
    args: [...PROMOTE, 'c'.repeat(64)],
    code: 1,
    prepare: candidates,
  },
  {
    name: 'promote of too few digits',
    args: [...PROMOTE, 'aaaaaaaa'],
    code: 64,
    prepare: candidates,
  },
  {
    name: 'promote of another candidate',
    args: [...PROMOTE, '--expect-seal', OTHER],
    code: 1,
    prepare: candidates,
  },
  {
    name: 'promote with an expected seal id that is none',
    args: [...PROMOTE, '--expect-seal', '3f1c'],
    code: 64,
  },
  {
    name: 'promote with an empty name',
    args: [...PROMOTE, '--who', ''],
    code: 64,
    prepare: candidates,
  },
  {
    name: 'rollback without a name where one is needed',
    args: ROLLBACK,
    code: 64,
    prepare: agreed({ operator: 'required' }),
  },
  {
    name: 'migrate without a name where one is needed',
    args: ['migrate', '--project', 'PROJECT'],
    code: 64,
    prepare: agreed({ operator: 'required' }),
  },
  {
    name: 'migrate without a freeze where one is needed',
    args: ['migrate', '--project', 'PROJECT'],
    code: 64,
    prepare: agreed({ frozen: 'required' }),
  },
  {
    name: 'a freeze that the journal does not record',
    args: ['migrate', '--project', 'PROJECT'],
    code: 64,
    prepare: async (project) => {
      await sealift(['freeze', '--who', 'ada', '--why', 'CHG-1', '--project', project]);
      const path = join(project, 'mapping/freeze.json');
      writeFileSync(path, readFileSync(path, 'utf8').replace('ada', 'bob'));
    },
  },
  {
    name: 'a window in a zone that is none',
    args: ['migrate', '--project', 'PROJECT'],
    code: 64,
    prepare: agreed({ window: 'Sun 02:00-06:00 Europe/Wien' }),
  },
  {
    name: 'promote of what no migrate has sealed',
    args: PROMOTE,
    code: 1,
    prepare: folders,
  },
  {
    name: 'promote of what is not the last',
    args: PROMOTE,
    code: 1,
    prepare: (project) => {
      candidates(project);
      rmSync(join(project, 'storage_candidate/v1'));
      symlinkSync(`sealed/${OTHER}`, join(project, 'storage_candidate/v1'));
    },
  },
  {
    name: 'promote where the journal has forgotten what was live',
    args: PROMOTE,
    code: 1,
    prepare: live(`storage_candidate/sealed/${ID}`),
  },
  { name: 'promote without a scan', args: PROMOTE, code: 1, prepare: candidates },
  {
    name: 'promote of an older one without a scan',
    args: [...PROMOTE, OTHER],
    code: 1,
    prepare: candidates,
  },
  {
    name: 'promote after a scan that failed',
    args: PROMOTE,
    code: 1,
    prepare: journaled(scanned('FAIL', 0)),
  },
  {
    name: 'promote after another scan',
    args: PROMOTE,
    code: 1,
    prepare: journaled(scanned('PASS', 0)),
  },
  {
    name: 'the live link is a file',
    args: PROMOTE,
    code: 1,
    prepare: (project) => {
      candidates(project);
      writeFileSync(join(project, 'storage_live'), 'somebody wrote this');
    },
  },
  { name: 'the live link points elsewhere', args: STATUS, code: 1, prepare: live('/etc') },
  { name: 'rollback of nothing', args: ROLLBACK, code: 1, prepare: candidates },
  {
    name: 'rollback to what was never live',
    args: [...ROLLBACK, '--to', OTHER],
    code: 1,
    prepare: candidates,
  },
  {
    name: 'rollback after a change by hand',
    args: ROLLBACK,
    code: 1,
    prepare: (project) => {
      live(`storage_candidate/sealed/${ID}`)(project);
      write(project, [{ event: 'pointer-found', found: ID, expected: null }]);
    },
  },
  {
    name: 'rollback to what was pruned',
    args: ROLLBACK,
    code: 1,
    prepare: (project) => {
      const gone = 'e'.repeat(64);
      journaled(
        { event: 'promote-intended', to: gone },
        { event: 'promote-done', to: gone },
        { event: 'promote-intended', to: ID },
        { event: 'promote-done', to: ID },
      )(project);
      symlinkSync(`storage_candidate/sealed/${ID}`, join(project, 'storage_live'));
    },
  },
  {
    name: 'prune that keeps what is not there',
    args: [...PRUNE, '--keep', 'c'.repeat(64)],
    code: 1,
    prepare: candidates,
  },
  {
    name: 'prune of everything',
    args: PRUNE,
    code: 1,
    prepare: (project) => {
      mkdirSync(join(project, 'storage_candidate/sealed', ID), { recursive: true });
    },
  },
  {
    name: 'prune where the trash is a link',
    args: PRUNE,
    code: 1,
    prepare: (project) => {
      candidates(project);
      symlinkSync('elsewhere', join(project, 'storage_candidate/.trash'));
    },
  },
  {
    name: 'the journal is a file',
    args: STATUS,
    code: 1,
    prepare: inTheWay('storage_journal', 'file'),
  },
  {
    name: 'the journal is a link',
    args: STATUS,
    code: 1,
    prepare: inTheWay('storage_journal', 'link'),
  },
  {
    name: 'a journal that was changed',
    args: STATUS,
    code: 1,
    prepare: (project) => {
      journaled(scanned('PASS', 0))(project);
      writeFileSync(join(project, 'storage_journal/journal.ndjson'), '{"event":"begin"}\n');
    },
  },
  {
    name: 'a journal that begins in the middle',
    args: PROMOTE,
    code: 1,
    prepare: (project) => {
      folders(project);
      mkdirSync(join(project, 'storage_journal'));
      const line = `{"at":"2025-01-31T10:00:00.000Z","event":"scan","prev":"${'0'.repeat(64)}","seq":1}\n`;
      writeFileSync(join(project, 'storage_journal/journal.ndjson'), line);
    },
  },
  {
    name: 'a journal that does not follow',
    args: STATUS,
    code: 1,
    prepare: journaled({ event: 'promote-done', to: ID }),
  },
];
