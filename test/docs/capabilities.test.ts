/** docs/capabilities.md is right: its commands and its tests exist, and no row is missing. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { RUNBOOK_SCHEMA } from '../../src/cutover/schema/runbookSchema.ts';
import { STEP_NAMES } from '../../src/cutover/steps/stepTypes.ts';
import { FILLED, refusal } from '../cli/hints.ts';

const PAGE = 'docs/capabilities.md';
/** Members of a runbook by their names. */
const SCHEMA = JSON.stringify(RUNBOOK_SCHEMA);

interface Row {
  readonly number: number;
  readonly commands: readonly string[];
  readonly refuses: string;
  readonly tests: readonly { readonly file: string; readonly name: string }[];
}

const rows = rowsOf(readFileSync(PAGE, 'utf8'));

function rowsOf(page: string): Row[] {
  const lines = page.split('\n').filter((line) => /^\| \d+ \|/.test(line));
  return lines.map((line) => {
    const [, number, , commands = '', refuses = '', tests = ''] = line.split(/ ?\| ?/);
    const files = tests.matchAll(/\]\(\.\.\/([^)]+)\): (.*?)(?=, \[|$)/g);
    return {
      number: Number(number),
      commands: [...commands.matchAll(/`([^`]+)`/g)].map(([, command = '']) => command),
      refuses,
      tests: [...files].flatMap(([, file = '', names = '']) =>
        [...names.matchAll(/\*([^*]+)\*/g)].map(([, name = '']) => ({ file, name })),
      ),
    };
  });
}

/** Null where there is such a step or member, or the program takes the command; else what it says. */
function fault(command: string): string | null {
  const [, type] = /^use: (.*)$/.exec(command) ?? [];
  if (type !== undefined) {
    return STEP_NAMES.some((name) => name === type) ? null : `no type of steps: ${type}`;
  }
  if (!command.includes(' ') || /^\w+: /.test(command)) {
    const [member = ''] = command.split(':');
    return SCHEMA.includes(`"${member}":`) ? null : `no member of a runbook: ${member}`;
  }
  const [, words = ''] = /^(?:[A-Z_]+=\w+ )?sealift (.*)$/.exec(command) ?? [];
  if (words === '') return `no command of Sealift: ${command}`;
  const given = [...words.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain = '']) => {
    return quoted ?? plain.replace(/^[A-Z0-9]+$/, FILLED);
  });
  const why = refusal({ words: given, whole: true });
  return why === null ? null : `${command}: ${why}`;
}

/** Whether a test of this name is in the file. */
function hasTest(file: string, name: string): boolean {
  if (!existsSync(file)) return false;
  const named = /\(\s*'([^'\n]+)',/g;
  return [...readFileSync(file, 'utf8').matchAll(named)].some(([, found]) => found === name);
}

describe('the page of capabilities', () => {
  it('has rows 31 to 33, 41 to 58 and 86 to 103, each once and in order', () => {
    expect(rows.map(({ number }) => number)).toEqual([
      31,
      32,
      33,
      ...Array.from({ length: 18 }, (_, index) => 41 + index),
      ...Array.from({ length: 18 }, (_, index) => 86 + index),
    ]);
  });

  it('names commands that there are, with options that they take', () => {
    expect(rows.filter(({ commands }) => commands.length === 0)).toEqual([]);
    const faults = rows.flatMap(({ commands }) => commands.map(fault));
    expect(faults.filter((one) => one !== null)).toEqual([]);
  });

  it('says of each what it refuses, and names tests that there are', () => {
    expect(rows.filter(({ refuses }) => refuses.length < 20)).toEqual([]);
    expect(rows.filter(({ tests }) => tests.length === 0)).toEqual([]);
    const missing = rows.flatMap(({ tests }) => {
      return tests.filter(({ file, name }) => !hasTest(join(file), name));
    });
    expect(missing).toEqual([]);
  });

  it('would be found wrong (negative control)', () => {
    const line =
      '| 60 | a | `sealift clean --all`, `rm -rf x`, `use: sql.none`, `soaks` | b | [c](../test/c.test.ts): *d*; *e* |';
    const [row] = rowsOf(line);
    expect(row?.commands.map(fault)).toEqual([
      "sealift clean --all: error: unknown option '--all'",
      'no command of Sealift: rm -rf x',
      'no type of steps: sql.none',
      'no member of a runbook: soaks',
    ]);
    expect(row?.tests.map(({ file, name }) => [name, hasTest(file, name)])).toEqual([
      ['d', false],
      ['e', false],
    ]);
  });
});
