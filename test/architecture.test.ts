/**
 * The house rules of ARCHITECTURE.md, held against the code. Works on text: the code is formatted,
 * so that an import is a line and a function ends where its indentation does.
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { allowedImports } from './architecture/floors.ts';
import { drawFloors } from './architecture/picture.ts';

/** Path below src, with `/` → text. */
type Tree = ReadonlyMap<string, string>;

/** Where each package is used: one that is somewhere else has leaked, one that is nowhere must go. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  '@aws-sdk/client-s3': ['objects'],
  ajv: ['mapping', 'seal'],
  'csv-parse': ['attachments'],
  'better-sqlite3': [
    'cutover',
    'database',
    'disk',
    'extsort',
    'mapping',
    'scan',
    'source',
    'sqlite',
    'target',
  ],
  'cli-progress': ['cli'],
  commander: ['cli'],
  'fast-json-stable-stringify': ['record'],
  ibantools: ['record'],
  'libphonenumber-js': ['pii'],
  merkletreejs: ['merkle'],
  'modern-tar': ['disk'],
  pg: ['postgres'],
  'pg-copy-streams': ['postgres'],
  re2js: ['mapping'],
  stdnum: ['pii'],
  yaml: ['cutover'],
};

/** Folders that compute and nothing else. */
const PURE: ReadonlySet<string> = new Set([
  'record',
  'merkle',
  'outcome',
  'sql',
  'pii',
  'treatment',
  'taint',
  'report',
  'compare',
  'sequential',
  'cohort',
]);
const WORLD = /^node:(fs|child_process|worker_threads|net|https?|dgram|os)\b/;

/** What only cli may do: look at the clock and the process, print, be random. */
const CLI_ONLY: readonly (readonly [RegExp, string])[] = [
  [/\bDate\.now\(/, 'looks at the clock'],
  [/\bnew Date\((?!0\))/, 'looks at the clock'],
  [/\bperformance\.now\(/, 'looks at the clock'],
  [/\bMath\.random\(|\brandom(UUID|Bytes|Int)\b/, 'is random'],
  [/\bconsole\./, 'prints'],
  [/\bprocess\.(stdout|stderr|argv|exit)\b/, 'touches the process'],
];
const NOWHERE: readonly (readonly [RegExp, string])[] = [
  [/\blocaleCompare\b|\bIntl\.Collator\b/, 'compares by locale'],
  [/(?::|\bas|<|\||,)\s*any\b(?!\s*:)/, 'has an any'],
];
const PICTURE = 'docs/floors.svg';
/** What others may import of folders with adapters; all else there are adapters and their parts. */
const CONTRACT =
  /^(?:source\/(source|cellPage|damageCheck|declared|linePage|nameOrder|readStatements|told|unchanged|writeControl)|target\/(parity|placeUnchanged|swap|tableForm|target|targetNames)|objects\/(objectStore|wholeKeys)|database\/database)\.ts$/;
/** Folders of contracts with their adapters. */
const ADAPTED: ReadonlySet<string> = new Set(['source', 'target', 'objects', 'database']);
/** The same part of two adapters has the same name, such as `reader.ts`; so have a source and a target. */
const PART_OF_ADAPTER = /^(?:source|target|objects|database)\/(?:\w+\/)?\w+\.ts$/;
const MAX_FILE = 350;
/** Texts that are copied from the pages of the rules grow with these, and nobody edits them. */
const GENERATED = 'report/html/ruleTexts.ts';
const MAX_FUNCTION = 70;

/** Every broken rule, as a sentence. */
function violations(tree: Tree): string[] {
  const found: string[] = [];
  const used = new Set<string>();
  for (const [path, text] of tree) {
    const folder = path.slice(0, path.indexOf('/'));
    for (const specifier of importsOf(text)) {
      found.push(...importFaults(path, folder, specifier, used));
    }
    found.push(...textFaults(path, folder, text));
  }
  for (const name of Object.keys(PACKAGES)) {
    if (!used.has(name)) found.push(`nothing imports the package ${name}`);
  }
  for (const [name, paths] of twinsOf(tree)) found.push(`${paths.join(', ')} are called ${name}`);
  for (const [name, paths] of callsOf(tree)) {
    if (paths.length > 1) found.push(`${paths.join(', ')} define the call ${name}`);
  }
  return found;
}

function importsOf(text: string): string[] {
  const statements = text.matchAll(/^(?:import|export)\b[^;]*?from '([^']+)';/gms);
  const bare = text.matchAll(/^import '([^']+)';/gm);
  const dynamic = text.matchAll(/\bimport\('([^']+)'\)/g);
  return [...statements, ...bare, ...dynamic].map((match) => match[1] ?? '');
}

function importFaults(
  path: string,
  folder: string,
  specifier: string,
  used: Set<string>,
): string[] {
  if (specifier.startsWith('node:')) {
    return PURE.has(folder) && WORLD.test(specifier) ? [`${path} imports ${specifier}`] : [];
  }
  if (!specifier.startsWith('.')) {
    const name = Object.keys(PACKAGES).find((known) => `${specifier}/`.startsWith(`${known}/`));
    if (name === undefined)
      return [`${path} imports ${specifier}, which has no place in the rules`];
    used.add(name);
    return PACKAGES[name]?.includes(folder) === true ? [] : [`${path} imports ${name}`];
  }
  const target = join(path, '..', specifier).replaceAll('\\', '/');
  const faults = specifier.endsWith('.ts') ? [] : [`${path} imports ${specifier} without .ts`];
  // Answers to calls come together in cli; all else makes a call, or lies beside the folder.
  if (isWorkerCode(target) && !isWorkerCode(path) && folder !== 'cli') {
    faults.push(`${path} imports ${target}, which runs in worker threads`);
  }
  const to = target.slice(0, target.indexOf('/'));
  if (to === folder) return faults;
  const allowed = allowedImports(folder);
  if (allowed === null) return [`${path} is in a folder that the rules do not know`];
  if (!allowed.includes(to)) faults.push(`${path} imports ${target}`);
  const adapter = ADAPTED.has(to) && !CONTRACT.test(target);
  if (adapter && path !== 'cli/wire.ts') faults.push(`${path} names the adapter ${target}`);
  return faults;
}

/** Files of one name; those of a command and its flow, the calls of each folder, and parts of adapters may have one. */
function twinsOf(tree: Tree): [string, string[]][] {
  const byName = Object.entries(Object.groupBy(tree.keys(), (path) => basename(path)));
  return byName.flatMap(([name, paths = []]): [string, string[]][] => {
    const others = paths.filter((path) => path !== `cli/${name}` && path !== `flow/${name}`);
    const parts = paths.every((path) => PART_OF_ADAPTER.test(path));
    const allowed = name === 'calls.ts' || others.length === 0 || paths.length === 1 || parts;
    return allowed ? [] : [[name, paths]];
  });
}

/** Code in a folder `worker/` answers calls of other threads. */
function isWorkerCode(path: string): boolean {
  return path.includes('/worker/');
}

/** Variables of a module that outlive a call: caches and scratch memory, but no constants. */
const KEPT: readonly RegExp[] = [
  /^let \w/m,
  /^const \w+(?:: (?!Readonly)[^=\n]+)? = new (?:WeakMap|Map|Set)(?:<[^(\n]*>)?\(\)/m,
  /^const \w+(?:: [^=\n]+)? = (?:Buffer\.alloc\w*\([^0]|new \w+Array\(\w)/m,
];

function keepsSomething(text: string): boolean {
  return KEPT.some((pattern) => pattern.test(text));
}

/** Calls by the name that they have on their way between threads, with the files that define them. */
function callsOf(tree: Tree): Map<string, string[]> {
  const calls = new Map<string, string[]>();
  for (const [path, text] of tree) {
    for (const [, name = ''] of withoutComments(text).matchAll(
      /\bdefineCall(?:<[^>]*>)?\(\s*'([^']*)'/g,
    )) {
      calls.set(name, [...(calls.get(name) ?? []), path]);
    }
  }
  return calls;
}

function textFaults(path: string, folder: string, text: string): string[] {
  const code = withoutComments(text);
  const rules = folder === 'cli' ? NOWHERE : [...NOWHERE, ...CLI_ONLY];
  const faults = rules.filter(([pattern]) => pattern.test(code)).map(([, does]) => does);
  const lines = text.trimEnd().split('\n');
  if (lines.length > MAX_FILE && path !== GENERATED) faults.push(`has ${lines.length} lines`);
  if (!text.replace(/^#!.*\n/, '').startsWith('/**')) faults.push('says nothing at its start');
  for (const { line, length } of functionsOf(lines)) {
    if (length > MAX_FUNCTION) faults.push(`has a function of ${length} lines at line ${line}`);
  }
  return faults.map((fault) => `${path} ${fault}`);
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*.*?\*\//gs, '').replaceAll(/(^|\s)\/\/.*$/gm, '');
}

/** Functions of the module and of its objects, with all that is in them. */
function functionsOf(lines: readonly string[]): { line: number; length: number }[] {
  const functions: { line: number; length: number }[] = [];
  for (const [index, line] of lines.entries()) {
    const [, indent] = /^(\s*)(?:.*(?:\bfunction\b|=>)|(?:async )?\*?#?\w+\().*$/.exec(line) ?? [];
    if (indent === undefined || !/[{(]$/.test(line) || /^\s*(if|for|while|switch)\b/.test(line)) {
      continue;
    }
    // `}: Options): void {` ends the parameters and not the function.
    const ends = (other: string): boolean =>
      other.startsWith(`${indent}}`) && !other.trimEnd().endsWith('{');
    const end = lines.findIndex((other, at) => at > index && ends(other));
    if (end >= 0) functions.push({ line: index + 1, length: end - index + 1 });
  }
  return functions;
}

function readTree(root: string): Tree {
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(files.sort().map((path) => [path.slice(root.length + 1), readText(path)]));
}

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}

describe('the code in src', () => {
  const tree = readTree('src');

  it('is seen', () => {
    expect(tree.size).toBeGreaterThan(100);
    expect([...tree.values()].flatMap(importsOf).length).toBeGreaterThan(400);
    expect(
      [...tree.values()].flatMap((text) => functionsOf(text.split('\n'))).length,
    ).toBeGreaterThan(500);
    expect([...tree.keys()].filter(isWorkerCode).length).toBeGreaterThan(10);
    expect(callsOf(tree).size).toBeGreaterThan(10);
  });

  it('keeps every rule of the house', () => {
    expect(violations(tree)).toEqual([]);
  });

  it('has a line for every one of its folders in ARCHITECTURE.md', () => {
    const page = readText('ARCHITECTURE.md');
    const folders = new Set([...tree.keys()].map((path) => path.slice(0, path.indexOf('/'))));
    expect(folders.size).toBeGreaterThan(8);
    for (const folder of folders) expect(page).toContain(`\`${folder}/\``);
  });

  it('stands in the picture of ARCHITECTURE.md as the rules have it', () => {
    const folders = new Set([...tree.keys()].map((path) => path.slice(0, path.indexOf('/'))));
    const drawn = drawFloors(folders);
    if (process.env['UPDATE_DOCS'] !== undefined) writeFileSync(PICTURE, drawn);
    expect(readText(PICTURE)).toBe(drawn);
    expect(readText('ARCHITECTURE.md')).toContain(`](${PICTURE})`);
  });

  it('keeps things from one call to the next where ARCHITECTURE.md says so, and nowhere else', () => {
    const [, section = ''] = readText('ARCHITECTURE.md').split('\n## Threads\n');
    const rows = (section.split('\n## ')[0] ?? '').matchAll(/^\| (`[^|]+) \|/gm);
    const cells = [...rows].map(([, cell = '']) => cell).join();
    const listed = [...cells.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path);
    const keeping = [...tree].filter(([, text]) => keepsSomething(text)).map(([path]) => path);
    expect(keeping.toSorted()).toEqual(listed.toSorted());
    expect(keeping.length).toBeGreaterThan(5);
  });

  it('uses the packages that package.json lists for it, and no others', () => {
    const { dependencies } = JSON.parse(readText('package.json')) as {
      dependencies: Record<string, string>;
    };
    expect(Object.keys(PACKAGES).sort()).toEqual(Object.keys(dependencies).sort());
  });
});

/** A tree that keeps every rule: all packages in their places. */
function soundTree(): Map<string, string> {
  const tree = new Map<string, string>();
  for (const [name, folders] of Object.entries(PACKAGES)) {
    const path = `${folders[0] ?? ''}/uses-${name}.ts`;
    tree.set(path, `/** Sound. */\nimport x from '${name}';\n`);
  }
  return tree;
}

function lineOf(statement: string): string {
  return `/** Broken. */\n${statement}\n`;
}

describe('the rules (negative control)', () => {
  it('say nothing about a sound tree', () => {
    expect(violations(soundTree())).toEqual([]);
  });

  it.each([
    ['record/a.ts', "import { b } from '../outcome/b.ts';", 'imports outcome/b.ts'],
    ['merkle/a.ts', "import { b } from '../record/b.ts';", 'imports record/b.ts'],
    ['source/a.ts', "import {\n  b,\n} from '../mapping/b.ts';", 'imports mapping/b.ts'],
    ['mapping/a.ts', "import type { B } from '../seal/b.ts';", 'imports seal/b.ts'],
    ['init/a.ts', "import { b } from '../migrate/b.ts';", 'imports migrate/b.ts'],
    ['migrate/a.ts', "export { b } from '../flow/b.ts';", 'imports flow/b.ts'],
    ['flow/a.ts', "const b = await import('../cli/b.ts');", 'imports cli/b.ts'],
    ['report/a.ts', "import { b } from '../disk/b.ts';", 'imports disk/b.ts'],
    ['init/a.ts', "import { b } from '../source/csv.ts';", 'names the adapter source/csv.ts'],
    ['cli/a.ts', "import { b } from '../source/sqlite.ts';", 'names the adapter source/sqlite.ts'],
    ['record/a.ts', "import { readFileSync } from 'node:fs';", 'imports node:fs'],
    ['report/a.ts', "import { open } from 'node:fs/promises';", 'imports node:fs/promises'],
    ['seal/a.ts', "import Database from 'better-sqlite3';", 'imports better-sqlite3'],
    ['seal/a.ts', "import left from 'left-pad';", 'imports left-pad, which has no place in'],
    ['seal/a.ts', "import { b } from './b';", 'imports ./b without .ts'],
    [
      'seal/a.ts',
      "import { b } from './worker/b.ts';",
      'imports seal/worker/b.ts, which runs in worker threads',
    ],
    [
      'migrate/a.ts',
      "import { b } from '../seal/worker/b.ts';",
      'imports seal/worker/b.ts, which runs in worker threads',
    ],
    ['record/uses-ajv.ts', 'x;', 'are called uses-ajv.ts'],
    ['source/csv/uses-ajv.ts', 'x;', 'are called uses-ajv.ts'],
    ['seal/a.ts', "const A = defineCall('x'),\n  B = defineCall('x');", 'define the call x'],
    [
      'drawer/a.ts',
      "import { b } from '../disk/b.ts';",
      'is in a folder that the rules do not know',
    ],
    ['seal/a.ts', 'const now = Date.now();', 'looks at the clock'],
    ['flow/a.ts', 'const now = new Date();', 'looks at the clock'],
    ['disk/a.ts', 'const name = Math.random();', 'is random'],
    ['init/a.ts', "console.log('x');", 'prints'],
    ['flow/a.ts', 'process.exit(1);', 'touches the process'],
    ['cli/a.ts', 'names.sort((a, b) => a.localeCompare(b));', 'compares by locale'],
    ['mapping/a.ts', 'function f(value: any): void {}', 'has an any'],
    ['mapping/a.ts', 'const rows = list as any[];', 'has an any'],
    ['seal/a.ts', 'x;\n'.repeat(350), 'has 351 lines'],
    [
      'seal/a.ts',
      `export function f(\n  x: X,\n): void {\n${'  x;\n'.repeat(67)}}`,
      'has a function of 71 lines',
    ],
    ['seal/a.ts', `const f = () => {\n${'  x;\n'.repeat(69)}};`, 'has a function of 71 lines'],
    [
      'seal/a.ts',
      `class A {\n  #f(): void {\n${'    x;\n'.repeat(69)}  }\n}`,
      'has a function of 71 lines at line 3',
    ],
  ])('find what is wrong in %s (%#)', (path, statement, expected) => {
    const found = violations(new Map([...soundTree(), [path, lineOf(statement)]]));
    expect(found.join('\n')).toContain(`${path} ${expected}`);
  });

  it.each([
    ['let last = null;', true],
    ['const CACHE = new WeakMap<Mapping, Names>();', true],
    ['const compiled = new Map<Kind, Validate>();', true],
    ['const scratch = Buffer.alloc(64);', true],
    ['const NONE: ReadonlySet<string> = new Set();', false],
    ["const NAMES = new Set(['a']);", false],
    ['function f(): void {\n  let last = null;\n}', false],
  ])('know what a module keeps: %s', (statement, expected) => {
    expect(keepsSomething(lineOf(statement))).toBe(expected);
  });

  it('let parts of adapters have the same name, and methods follow each other', () => {
    const methods = `class A {\n${`  f(): void {\n${'    x;\n'.repeat(60)}  }\n`.repeat(2)}}`;
    const tree = new Map([
      ...soundTree(),
      ['source/csv/a.ts', lineOf(methods)],
      ['source/sqlite/a.ts', lineOf('x;')],
    ]);
    expect(violations(tree)).toEqual([]);
  });

  it('let worker code and cli import worker code', () => {
    const tree = new Map([
      ...soundTree(),
      ['scan/worker/a.ts', lineOf("import { b } from './b.ts';")],
      ['cli/c.ts', lineOf("import { b } from '../scan/worker/b.ts';")],
    ]);
    expect(violations(tree)).toEqual([]);
  });

  it('let cli look at the clock, functions be 70 lines long, and comments say any', () => {
    const text = [
      '/** As any other. */',
      'const now = new Date(); // before any',
      `function f(): void {\n${'  x;\n'.repeat(68)}}`,
    ].join('\n');
    expect(violations(new Map([...soundTree(), ['cli/a.ts', text]]))).toEqual([]);
  });

  it('miss neither a file without a head nor a package that is not used', () => {
    const tree = soundTree();
    tree.delete('merkle/uses-merkletreejs.ts');
    tree.set('seal/a.ts', 'const x = 1;\n');
    expect(violations(tree)).toEqual([
      'seal/a.ts says nothing at its start',
      'nothing imports the package merkletreejs',
    ]);
  });
});
