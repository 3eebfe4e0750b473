/** Completion scripts, in the shells that they are for. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

import { bashScript } from '../../src/cli/completion/bash.ts';
import { fishScript } from '../../src/cli/completion/fish.ts';
import { completionOf, valuedOptions } from '../../src/cli/completion/commandTree.ts';
import { zshScript } from '../../src/cli/completion/zsh.ts';
import { processHost } from '../../src/cli/host.ts';
import { createProgram } from '../../src/cli/program.ts';
import { hasProgram, workFolder } from '../kit/project.ts';
import { sealift } from '../kit/run.ts';

const TREE = completionOf(createProgram(() => {}, processHost()));
const SEAL = '3f1c09ab'.repeat(8);
const OTHER = '77aa77aa'.repeat(8);
const project = workFolder('completion');

beforeAll(() => {
  for (const base of ['.', 'else where']) {
    mkdirSync(join(project, base, 'mapping/modules'), { recursive: true });
  }
  mkdirSync(join(project, `storage_candidate/sealed/${SEAL}`), { recursive: true });
  mkdirSync(join(project, `storage_candidate/sealed/${OTHER}.2`));
  mkdirSync(join(project, 'storage_candidate/sealed/$(touch sealed-ran)'));
  writeFileSync(join(project, 'mapping/modules/kunden.json'), '');
  writeFileSync(join(project, 'mapping/modules/kurse.json'), '');
  writeFileSync(join(project, 'mapping/modules/notes.md'), '');
  writeFileSync(join(project, 'mapping/modules/k$(touch modules-ran).json'), '');
  writeFileSync(join(project, 'else where/mapping/modules/hunde.json'), '');
});

/** What a shell offers for a line that ends where the cursor is. */
type Shell = (line: string) => string[];

function offered(shell: string, args: readonly string[], script: string): string[] {
  const ran = spawnSync(shell, [...args, script], {
    cwd: project,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', HOME: project, LC_ALL: 'C.UTF-8' },
  });
  expect([ran.status, ran.stderr]).toEqual([0, '']);
  return [...new Set(ran.stdout.split('\n').filter((line) => line !== ''))].sort();
}

/** The words before the cursor as bash has them: `:` and `=` end a word there. */
function bashWords(line: string): string[] {
  const words = line.split(/(?<!\\) /);
  return words.flatMap((word) => word.split(/(?<=[:=])|(?=[:=])/)).map((word) => `'${word}'`);
}

const inBash: Shell = (line) => {
  const words = line.endsWith(' ') ? [...bashWords(line.trimEnd()), "''"] : bashWords(line);
  const script = `${bashScript(TREE)}
COMP_WORDS=(${words.join(' ')})
COMP_CWORD=${words.length - 1}
_sealift
(( \${#COMPREPLY[@]} )) && printf '%s\\n' "\${COMPREPLY[@]}"
true`;
  return offered('bash', ['--norc', '-c'], script.replaceAll(String.raw`\ `, ' '));
};

/** With stand-ins for what there is only where zsh itself completes. */
const inZsh: Shell = (line) => {
  const last = line.slice(line.lastIndexOf(' ') + 1);
  const script = `compdef() { }
compset() { }
compadd() { local one; for one in "$@[2,-1]"; do [[ $one == '${last}'* ]] && print -r -- $one; done }
_describe() { local one; for one in "\${(@P)2}"; do compadd -- "\${one%%:*}"; done }
_files() { if [[ $1 == -/ ]]; then compadd -- *(/N); else compadd -- *(N); fi }
${zshScript(TREE)}
words=(\${(z)line::=${JSON.stringify(line).replaceAll('$', String.raw`\$`)}})
words=("\${(@Q)words}")
[[ $line == *' ' ]] && words+=('')
CURRENT=$#words
_sealift
true`;
  return offered('zsh', ['-f', '-c'], script);
};

const inFish: Shell = (line) => {
  const script = `${fishScript(TREE)}\ncomplete -C ${JSON.stringify(line)} | string replace -r '\\t.*' ''; true`;
  return offered('fish', ['--no-config', '-c'], script);
};

const SHELLS: readonly (readonly [string, Shell])[] = [
  ['bash', inBash],
  ['zsh', inZsh],
  ['fish', inFish],
];

describe.each(SHELLS.map(([name, shell]) => ({ name, shell })))('in $name', ({ name, shell }) => {
  const there = hasProgram(name);

  it.runIf(there)('commands are completed', () => {
    const all = shell('sealift ');
    expect(all).toEqual(expect.arrayContaining(['init', 'migrate', 'scan-all', 'promote']));
    expect(all.filter((word) => !word.startsWith('-')).length).toBeGreaterThan(15);
    expect(shell('sealift scan-m')).toEqual(['scan-module']);
    expect(shell('sealift registry ')).toEqual(expect.arrayContaining(['build', 'check']));
    expect(shell('sealift registry b')).toEqual(['build']);
    expect(shell('sealift nothing-like-it')).toEqual([]);
  });

  it.runIf(there)('options are those of the command', () => {
    expect(shell('sealift promote --dr')).toEqual(['--dry-run']);
    expect(shell('sealift migrate --all')).toEqual(['--allow-blockers', '--allow-rejected']);
    expect(shell('sealift promote --allow-r')).toEqual([]);
    expect(shell('sealift init --ids ')).toEqual(['keep', 'uuid']);
    expect(shell('sealift completion ')).toEqual(expect.arrayContaining(['bash', 'fish', 'zsh']));
  });

  it.runIf(there)('modules are those of the mapping', () => {
    expect(shell('sealift scan-module k')).toEqual(['kunden', 'kurse']);
    expect(shell('sealift scan-module kunden ku')).toEqual(['kunden', 'kurse']);
    expect(shell('sealift scan-pii --json kun')).toEqual(['kunden']);
    expect(shell('sealift registry build --workers kun')).not.toContain('migrate');
    expect(shell('sealift scan-module n')).not.toContain('notes');
  });

  it.runIf(there)('modules are those of the project that is named', () => {
    const elsewhere = String.raw`sealift scan-module --project else\ where h`;
    expect(shell(elsewhere)).toEqual(['hunde']);
    expect(shell('sealift scan-module --project nowhere k')).toEqual([]);
  });

  it.runIf(there)('seal ids are those of the candidates', () => {
    for (const line of ['promote ', 'rollback --to ', 'prune --keep ']) {
      const seals = shell(`sealift ${line}`).filter((word) => /^[0-9a-f]{8}/.test(word));
      expect([line, ...seals]).toEqual([line, SEAL, OTHER]);
    }
    expect(shell('sealift promote 3f')).toEqual([SEAL]);
    expect(shell('sealift diff v')).toEqual(['v1']);
    expect(shell('sealift diff v1 77')).toEqual([OTHER]);
  });

  it.runIf(there)('nothing that a file is called is run', () => {
    shell('sealift scan-module ');
    shell('sealift promote ');
    expect(shell('sealift init --project s')).not.toContain('sealed-ran');
    const files = spawnSync('find', ['.', '-name', '*-ran'], { cwd: project, encoding: 'utf8' });
    expect(files.stdout).toBe('');
  });
});

describe('sealift completion', () => {
  it('prints the script of each shell, and of no other', async () => {
    const scripts = { bash: bashScript(TREE), zsh: zshScript(TREE), fish: fishScript(TREE) };
    for (const [shell, script] of Object.entries(scripts)) {
      const said = { code: 0, signal: null, stdout: script, stderr: '' };
      expect(await sealift(['completion', shell])).toEqual(said);
    }
    const { code, stderr } = await sealift(['completion', 'ksh']);
    expect([code, stderr.split('\n').length]).toEqual([64, 2]);
  });

  it('rests on options that either take a value everywhere or nowhere', () => {
    const valued = valuedOptions(TREE);
    expect(valued.size).toBeGreaterThan(8);
    const flags = TREE.flatMap(({ options }) => options.filter(({ value }) => value === null));
    expect(flags.filter(({ name }) => valued.has(name))).toEqual([]);
  });
});
