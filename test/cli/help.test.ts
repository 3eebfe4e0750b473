/** The help: examples first, which are right; the questions of docs/questions.md answered; at once. */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';

import { processHost } from '../../src/cli/host.ts';
import { createProgram, nameOf, withCommands } from '../../src/cli/program.ts';
import { temporaryFolder } from '../fault/fixture.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** The commands, without the program itself. */
function commands(): [string, Command][] {
  const program = createProgram(() => {}, processHost());
  return withCommands(program).flatMap((command) => {
    const name = nameOf(command);
    return name === null ? [] : [[name, command] as [string, Command]];
  });
}

/** What `--help` prints. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

/** The lines of the examples, without comments. */
function examplesIn(help: string): string[] {
  const [, block = ''] = /^Examples:\n((?: {2}.+\n)+)/.exec(help) ?? [];
  return block
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/\s# .*$/, '').trim());
}

/** The words after `sealift` as a shell splits them; without variables before and redirections after. */
function wordsOf(example: string): string[] {
  const inner = /^source <\((.*)\)$/.exec(example)?.[1] ?? example;
  const [line = ''] = inner.replace(/^(?:[A-Z_]+=\S+ )+/, '').split(' > ');
  const ran = spawnSync('sh', ['-c', `cat() { echo 0; }\nset -- ${line}\nprintf '%s\\n' "$@"`], {
    encoding: 'utf8',
  });
  const [first, ...words] = ran.stdout.trimEnd().split('\n');
  expect([first, ran.status]).toEqual(['sealift', 0]);
  return words;
}

/** Parses a command line, and says which command would have been run. */
function parsed(words: readonly string[]): string {
  let ran = 'nothing';
  const program = createProgram(() => {}, processHost());
  for (const command of withCommands(program)) {
    command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
    command.action(() => {
      ran = nameOf(command) ?? 'the program';
    });
  }
  program.parse([...words], { from: 'user' });
  return ran;
}

const ALL = commands();

describe('the help', () => {
  it('is there for each command', () => {
    expect(ALL.length).toBeGreaterThan(18);
  });

  it.each(ALL)('of %s leads with examples, which parse and run it', (name, command) => {
    const help = helpOf(command);
    expect(help.startsWith('Examples:\n')).toBe(true);
    const examples = examplesIn(help);
    expect(examples.length).toBeGreaterThan(0);
    const ran = examples.map((example) => parsed(wordsOf(example)));
    // Those of `registry` are of the commands below it.
    expect(ran.filter((other) => other !== name && !other.startsWith(`${name} `))).toEqual([]);
  });

  it('of sealift itself leads with examples, and has each command in a group', () => {
    const program = createProgram(() => {}, processHost());
    const help = helpOf(program);
    const examples = examplesIn(help);
    expect(examples.map((example) => parsed(wordsOf(example)))).toEqual([
      'init',
      'dry-run',
      'migrate',
      'scan-all',
      'promote',
    ]);
    const groups = [...help.matchAll(/^([A-Z][a-z ]+):\n/gm)].map(([, heading]) => heading);
    const [examplesHeading, options, ...pipeline] = groups;
    expect([examplesHeading, options]).toEqual(['Examples', 'Options']);
    expect(pipeline.slice(0, 11)).toEqual([
      'Prepare',
      'Rehearse',
      'Build',
      'Check',
      'Prove',
      'Load',
      'Files',
      'Secrets',
      'Promote',
      'Cutover',
      'Maintenance',
    ]);
    for (const command of program.commands) expect(help).toMatch(`\n  ${command.name()} `);
  });

  it('would not take an example that is wrong (negative control)', () => {
    expect(() => parsed(wordsOf('sealift migrate --wrokers 4'))).toThrow(/unknown option/);
    expect(() => parsed(wordsOf('sealift scan-module'))).toThrow(/missing required argument/);
  });

  it('fits a terminal of 80 columns', () => {
    const texts = [
      helpOf(createProgram(() => {}, processHost())),
      ...ALL.map(([, command]) => helpOf(command)),
    ];
    const wide = texts.flatMap((text) => text.split('\n')).filter((line) => line.length > 80);
    expect(wide).toEqual([]);
  });
});

describe('docs/questions.md', () => {
  const page = readFileSync('docs/questions.md', 'utf8');
  const sections = page.split(/^## /m).slice(1);

  it('has ten questions', () => {
    expect(sections.length).toBe(10);
  });

  it.each(sections.map((text) => [text.split('\n')[0] ?? '', text]))('%s', (_, text) => {
    const [, command = '', quoted = ''] =
      /^```console\n\$ sealift ([^\n]*)--help\n…\n(.*?)…\n```$/ms.exec(text) ?? [];
    const name = command.trim();
    const found =
      name === ''
        ? createProgram(() => {}, processHost())
        : ALL.find(([known]) => known === name)?.[1];
    expect(found).toBeDefined();
    expect(quoted.length).toBeGreaterThan(20);
    if (found !== undefined) expect(helpOf(found)).toContain(quoted);
  });
});

describe('docs/commands', () => {
  it('has a page for each command, which its list names', () => {
    const list = readFileSync('docs/commands/README.md', 'utf8');
    const pages = readdirSync('docs/commands').filter((name) => name !== 'README.md');
    const names = createProgram(() => {}, processHost()).commands.map((command) => command.name());
    expect(pages.sort()).toEqual(names.map((name) => `${name}.md`).sort());
    for (const name of names) expect(list).toContain(`[${name}](${name}.md)`);
  });
});

/** Name → kind, where the code of a command gives both as they stand. */
function kindsInCode(): Map<string, string> {
  const files = readdirSync('src/cli')
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join('src/cli', file), 'utf8'));
  const pattern = /name: '([a-z-]+(?: [a-z]+)?)',\s+kind: '(\w+)'/g;
  const found = files.join('\n').matchAll(pattern);
  return new Map(Array.from(found, ([, name = '', kind = '']) => [name, kind]));
}

describe('docs/exit-codes.md', () => {
  it('says of each command whether it is an action or a check', () => {
    const page = readFileSync('docs/exit-codes.md', 'utf8');
    const [, actions = '', checks = ''] =
      /^- \*\*Actions\*\*: (.*?)^- \*\*Checks\*\*: (.*?)\n\n/ms.exec(page) ?? [];
    const kinds = new Map([...kindsInCode()].filter(([name]) => name !== 'freeze'));
    expect(kinds.size).toBeGreaterThan(12);
    for (const [name, kind] of kinds) {
      expect([name, actions.includes(`[${name}]`)]).toEqual([name, kind === 'action']);
      expect([name, checks.includes(`[${name}]`)]).toEqual([name, kind === 'check']);
    }
    for (const [name] of ALL.filter(([, { commands: below }]) => below.length === 0)) {
      expect(actions + checks).toContain(`[${name}]`);
    }
  });
});

/** Says on standard error how many milliseconds of a processor the program has taken. */
const COUNT_TIME = `process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  console.error((user + system) / 1000);
});`;

/** The least milliseconds of a processor that it takes, compiled before: what else is at work does not count. */
function shortest(args: readonly string[], cache: string): number {
  const hook = `data:text/javascript,${encodeURIComponent(COUNT_TIME)}`;
  const times = Array.from({ length: 6 }, () => {
    const env = { PATH: process.env['PATH'] ?? '', NODE_COMPILE_CACHE: cache };
    const all = ['--import', hook, ...args];
    const ran = spawnSync(process.execPath, all, { env, encoding: 'utf8' });
    expect(ran.status).toBe(0);
    return Number(ran.stderr);
  });
  return Math.min(...times);
}

describe('sealift --help', () => {
  it('loads the command line and nothing that a command needs', () => {
    const hook = `import { registerHooks } from 'node:module';
      registerHooks({ load(url, context, next) { console.error(url); return next(url, context); } });`;
    const spy = `data:text/javascript,${encodeURIComponent(hook)}`;
    const ran = spawnSync(process.execPath, ['--import', spy, MAIN, '--help'], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '' },
    });
    const root = new URL('../..', import.meta.url).href;
    const own = ran.stderr.split('\n').filter((url) => url.startsWith(root));
    const paths = own.map((url) => url.slice(root.length));
    expect(paths).toContain('src/cli/program.ts');
    expect(paths.length).toBeLessThan(66);
    const heavy = paths.filter((path) =>
      /node_modules\/(?!commander)|src\/(?:seal|source|migrate|scan|report|disk)\//.test(path),
    );
    expect(heavy).toEqual([]);
  });

  it('takes little longer than Node itself', () => {
    const cache = temporaryFolder();
    const bare = shortest(['-e', '0'], join(cache, 'bare'));
    // About 40 ms, and 110 in a checkout, 80 where it is installed.
    expect(bare).toBeGreaterThan(0);
    expect(shortest([MAIN, '--help'], join(cache, 'help'))).toBeLessThan(bare * 8 + 100);
  });
});
