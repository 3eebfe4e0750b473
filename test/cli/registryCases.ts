/** What is wrong with registries, or with what was frozen. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { MIGRATE, type Case } from './messageCase.ts';

const BUILD: readonly string[] = ['registry', 'build', '--project', 'PROJECT'];
const FREEZE: readonly string[] = ['freeze', '--project', 'PROJECT'];
const TARGET = '6ba7b810-9dad-41d1-80b4-00c04fd430c8';

/** Dogs take their ids from a registry of these lines. */
function withRegistry(lines: readonly string[]): (project: string) => void {
  return (project) => {
    const path = join(project, 'mapping/modules/dogs.json');
    const module = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...module, id: { rule: 'registry', registry: 'dogs' } }));
    if (lines.length === 0) return;
    mkdirSync(join(project, 'mapping/registries'));
    writeFileSync(join(project, 'mapping/registries/dogs.ndjson'), lines.join('\n'));
  };
}

/** The mapping was frozen when it was another one. */
function frozen(project: string): void {
  const files = { 'project.json': '0'.repeat(64), 'modules/cats.json': '1'.repeat(64) };
  const about = { format: 1, who: 'Ada', why: 'CHG-1', when: '', digest: '2'.repeat(64), files };
  writeFileSync(join(project, 'mapping/freeze.json'), JSON.stringify(about));
}

const entry = (legacyId: string): string => JSON.stringify({ legacyId, targetUuid: TARGET });

export const REGISTRIES: readonly Case[] = [
  { name: 'a registry that is not there', args: MIGRATE, code: 64, prepare: withRegistry([]) },
  {
    name: 'a target id that is given twice',
    args: MIGRATE,
    code: 64,
    prepare: withRegistry([entry('Geheimnis 1'), entry('Geheimnis 2')]),
  },
  {
    name: 'a target id that two registries give',
    args: MIGRATE,
    code: 64,
    prepare: (project) => {
      withRegistry([entry('Geheimnis 1')])(project);
      const path = join(project, 'mapping/registries/cats.json');
      writeFileSync(path, `[${entry('Geheimnis 2')}]`);
    },
  },
  { name: 'no registry to build', args: BUILD, code: 64 },
  {
    name: 'a module without a registry',
    args: [...BUILD, 'owners'],
    code: 64,
    prepare: withRegistry([]),
  },
  {
    name: 'registries that are frozen',
    args: BUILD,
    code: 64,
    prepare: (project) => {
      withRegistry([])(project);
      frozen(project);
    },
  },
  { name: 'an unknown command of registry', args: ['registry', 'chek'], code: 64 },
  { name: 'a freeze without a name', args: FREEZE, code: 64 },
  {
    name: 'a freeze for no reason',
    args: [...FREEZE, '--who', 'Ada', '--why', ' '],
    code: 64,
  },
  { name: 'a mapping that was never frozen', args: [...FREEZE, '--check'], code: 2 },
  {
    name: 'a freeze that is none',
    args: [...FREEZE, '--check'],
    code: 64,
    prepare: (project) => writeFileSync(join(project, 'mapping/freeze.json'), '{"format":2}'),
  },
  {
    name: 'a mapping that has changed since the freeze',
    args: MIGRATE,
    code: 64,
    prepare: frozen,
  },
];
