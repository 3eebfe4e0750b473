/** What may be wrong with a runbook before lint can begin. */

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

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
];
