/** What may be wrong with a runbook before lint can begin, and with a run of one. */

import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { sealift, type Ran } from '../kit/run.ts';
import type { Case } from './messageCase.ts';

const LINT: readonly string[] = ['cutover', 'lint', 'a.yaml', '--project', 'PROJECT'];

function written(text: string): (project: string) => void {
  return (project) => {
    writeFileSync(join(project, 'a.yaml'), text);
  };
}

/** A runbook that is not read. */
function unread(name: string, text: string): Case {
  return { name: `a runbook ${name}`, args: LINT, code: 64, prepare: written(text) };
}

/** A run is begun on this one, which waits for bo: nothing of the project is in it. */
const RUNBOOK = `runbook: shop
target: production
roles: { operator: [ada, eve], approver: [ada, bo] }
steps:
  - { id: tested, use: file.check, file: tested.json, json: { verdict: PASS } }
  - { id: approve, use: gate.approval, role: approver, requires: [tested] }
`;
const BEGIN = ['run', '--who', 'ada', '--no-wait', '--confirm', 'production'];

function cutover(project: string, args: readonly string[]): Promise<Ran> {
  const [name = '', ...rest] = args;
  return sealift(['cutover', name, 'a.yaml', ...rest], { cwd: project });
}

/** Something wrong with a run that waits; \`harm\` may change what it finds. */
function ofRun(
  name: string,
  args: readonly string[],
  code: number,
  harm: (project: string) => unknown = () => {},
): Case {
  const [command = '', ...rest] = args;
  return {
    name,
    args: ['cutover', command, 'a.yaml', ...rest, '--project', 'PROJECT'],
    code,
    // Which command has held a run, and how far the run was, is noted there.
    aside: ['storage_journal', 'storage_cutovers/shop-1/.lock'],
    prepare: async (project) => {
      writeFileSync(join(project, 'a.yaml'), RUNBOOK);
      writeFileSync(join(project, 'tested.json'), '{ "verdict": "PASS" }');
      await cutover(project, BEGIN);
      await harm(project);
    },
  };
}

function journalOf(change: (lines: string[]) => string[]): (project: string) => void {
  return (project) => {
    const path = join(project, 'storage_cutovers/shop-1/journal.ndjson');
    writeFileSync(path, change(readFileSync(path, 'utf8').split('\n')).join('\n'));
  };
}

function runbookWith(from: string, to: string): (project: string) => void {
  return (project) => writeFileSync(join(project, 'a.yaml'), RUNBOOK.replace(from, to));
}

/** What may be wrong with a run. */
function runs(): readonly Case[] {
  return [
    ofRun('a cutover without the name of its target', ['run', '--who', 'ada'], 64, anew),
    ofRun('a cutover of another target', ['run', '--who', 'ada', '--confirm', 'prod'], 64, anew),
    ofRun('a cutover by no person', ['run', '--confirm', 'production'], 64, anew),
    ofRun(
      'a cutover by another person',
      ['run', '--who', 'bo', '--confirm', 'production'],
      64,
      anew,
    ),
    ofRun('a cutover with a BLOCKER', BEGIN, 64, runbookWith('[tested]', '[nothing]')),
    ofRun('a cutover while one is open', BEGIN, 64),
    ofRun('a cutover that was not begun', ['status'], 64, anew),
    ofRun('an incident record of a run that waits', ['status', '--incident', 'made.md'], 64),
    ofRun('a cutover without such a run', ['resume', '--who', 'ada', '--run', '../shop-1'], 64),
    ofRun('a cutover that waits', ['tick'], 3),
    ofRun('a cutover with another runbook', ['tick'], 64, runbookWith('PASS', 'WARN')),
    ofRun(
      'a cutover with a line less',
      ['status'],
      1,
      journalOf((lines) => lines.toSpliced(3, 1)),
    ),
    ofRun(
      'a cutover with a shorter journal',
      ['status'],
      1,
      journalOf((lines) => [...lines.slice(0, 4), '']),
    ),
    ofRun('an approval by the operator', ['approve', '--who', 'ada'], 1),
    ofRun('an approval without the role', ['approve', '--who', 'zoe'], 1),
    ofRun('an approval of another step', ['approve', 'tested', '--who', 'bo'], 64),
    ofRun(
      'an approval that was edited',
      ['approve', '--accept', 'approval.json'],
      1,
      async (project) => {
        await cutover(project, ['approve', '--who', 'bo', '--write', 'approval.json']);
        const path = join(project, 'approval.json');
        writeFileSync(path, readFileSync(path, 'utf8').replace('shop-1', 'shop-2'));
      },
    ),
    ofRun('an answer without a reason', ['resume', '--who', 'ada', '--done', 'tested'], 64),
    ofRun(
      'an answer that does not fit',
      ['resume', '--who', 'ada', '--waive', 'approve', '--why', 'x'],
      64,
    ),
    ofRun(
      'a loss that is accepted for another run',
      ['rollback', '--who', 'ada', '--accept-data-loss', 'shop-2'],
      64,
    ),
    ofRun('a pause after the end', ['pause', '--who', 'ada'], 1, async (project) => {
      await cutover(project, ['abort', '--who', 'ada']);
    }),
    {
      name: 'a rehearsal of a runbook without one',
      args: ['cutover', 'rehearse', 'a.yaml', '--who', 'ada', '--project', 'PROJECT'],
      code: 64,
      prepare: written(RUNBOOK),
    },
  ];
}

/** As if no run had been begun. */
function anew(project: string): void {
  rmSync(join(project, 'storage_cutovers'), { recursive: true });
}

export const RUNBOOKS: readonly Case[] = [
  { name: 'a runbook that is not there', args: LINT, code: 64 },
  {
    name: 'a folder for a runbook',
    args: LINT,
    code: 64,
    prepare: (project) => {
      mkdirSync(join(project, 'a.yaml'));
    },
  },
  {
    name: 'a link for a runbook',
    args: LINT,
    code: 64,
    prepare: (project) => {
      symlinkSync('mapping/project.json', join(project, 'a.yaml'));
    },
  },
  unread('with a byte order mark', '\uFEFFrunbook: a\n'),
  unread('that is not YAML', 'runbook: [\n'),
  unread('with a key twice', 'runbook: a\nrunbook: b\n'),
  unread('with a tag', 'runbook: !!str a\n'),
  unread('without steps', 'runbook: a\n'),
  unread('with an unknown type of step', 'runbook: a\nsteps: [{ id: a, use: exce }]\n'),
  unread('with a member that there is not', 'runbook: a\nstesp: []\n'),
  unread('with a wrong condition', 'runbook: a\nsteps: [{ id: a, use: git.clean, when: often }]\n'),
  unread(
    'with a monitor in a step',
    'runbook: a\nsteps: [{ id: a, use: git.clean, onFail: page }]\n',
  ),
  {
    name: 'a plan of a runbook without steps',
    args: ['cutover', 'plan', 'a.yaml', '--project', 'PROJECT'],
    code: 64,
    prepare: written('runbook: a\n'),
  },
  { name: 'a lint of no runbook', args: ['cutover', 'lint'], code: 64 },
  ...runs(),
];
