/** Runbooks as texts: strict YAML, their shape, their model, and where their errors are. */

import { readFileSync } from 'node:fs';

import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';

import { parseRunbook } from '../../src/cutover/readRunbook.ts';
import { parseYaml, YamlError } from '../../src/cutover/yamlText.ts';
import { RUNBOOK_SCHEMA } from '../../src/cutover/schema/runbookSchema.ts';
import { Failure } from '../../src/outcome/failure.ts';
import { GRADUAL, WIEN } from './runbooks.ts';

const STEPS = 'runbook: a\nsteps:\n';

/** What is said of a runbook that is wrong; null if nothing is. */
function complaint(text: string): string | null {
  try {
    parseRunbook(text, 'a.yaml');
    return null;
  } catch (error) {
    if (error instanceof Failure) return `${error.code} ${error.line()}`;
    throw error;
  }
}

/** The error of a text of YAML with its position; null if there is none. */
function yamlError(text: string): string | null {
  try {
    parseYaml(text);
    return null;
  } catch (error) {
    if (error instanceof YamlError) return `${error.line}:${error.column} ${error.message}`;
    throw error;
  }
}

function hashOf(text: string): string {
  return parseRunbook(text, 'a.yaml').planHash;
}

/** A text in which each line has nine aliases of the line before. */
function bomb(lines: number): string {
  const first = 'a0: &a0 [x, x, x, x, x, x, x, x, x]\n';
  const rest = Array.from({ length: lines }, (_, at) => {
    return `a${at + 1}: &a${at + 1} [${Array.from({ length: 9 }, () => `*a${at}`).join(', ')}]\n`;
  });
  return [first, ...rest].join('');
}

describe('the text of a runbook', () => {
  it('is YAML 1.2: off is a text, aliases stand for their values, JSON is read, too', () => {
    expect(parseYaml('a: off\nb: &x [1, 2.5, "y"]\nc: *x\nd: null').value).toEqual({
      a: 'off',
      b: [1, 2.5, 'y'],
      c: [1, 2.5, 'y'],
      d: null,
    });
    expect(parseYaml('{"a": [true, -3]}').value).toEqual({ a: [true, -3] });
  });

  it.each([
    ['a: 1\na: 2', '2:1 a key stands twice in an object'],
    ['---\na: 1\n---\nb: 1', '3:1 there is more than one document'],
    ['a: !!binary x', '1:13 there is a tag, and only plain values are read'],
    ['a: !foo b', '1:4 there is a tag, and only plain values are read'],
    ['a: .inf', '1:4 a number cannot be represented exactly; quote it if it is a text'],
    [
      'a: 12345678901234567890',
      '1:4 a number cannot be represented exactly; quote it if it is a text',
    ],
    ['a: 0x10', '1:4 a number cannot be represented exactly; quote it if it is a text'],
    ['1.0: b', '1:1 a key is a number; quote it'],
    ['0x1: b', '1:1 a key is a number; quote it'],
    ['1: a\n"1": b', '2:1 a key stands twice in an object'],
    ['? [a]\n: b', '1:3 a key is not a text'],
    ['<<: {a: 1}', '1:1 merge keys are not read'],
    ['__proto__: {a: 1}', '1:1 the key "__proto__" is not allowed'],
    ['%YAML 1.1\n---\na: yes', '1:1 it is not of version 1.2'],
    ['a: &b [*b]', '1:8 it is nested too deep'],
    ['a: *b', '1:4 an alias refers to nothing'],
    ['a: &b 1\nc: &b 2', '2:7 an anchor has the name of another'],
    [bomb(12), '1:28 it has too many values, with aliases expanded'],
  ])('is refused where it is not plain (%#)', (text, expected) => {
    expect(yamlError(text)).toBe(expected);
  });

  it('has whole numbers as keys, such as exit codes', () => {
    expect(parseYaml('exit: {0: pass, 12: warn}').value).toEqual({
      exit: { 0: 'pass', 12: 'warn' },
    });
  });

  it('is refused where it is deep or long before it takes long to read', () => {
    const begun = performance.now();
    const deep = '['.repeat(5000) + ']'.repeat(5000);
    expect(yamlError(deep)).toMatch(/^1:\d+ it is nested too deep$/);
    const keys = Array.from({ length: 60_000 }, (_, at) => `k${at}: 1\n`).join('');
    expect(yamlError(keys)).toMatch(/ it has too many values, with aliases expanded$/);
    // To compare each key with each other takes minutes.
    expect(performance.now() - begun).toBeLessThan(30_000);
  });

  it('may have aliases that stay small (negative control)', () => {
    expect(yamlError(bomb(2))).toBeNull();
  });

  it('has a position for each value and key', () => {
    const { positionOf } = parseYaml('a:\n  - b: 1\n    c: x\n');
    expect(positionOf('/a/0/c')).toEqual({ line: 3, column: 8 });
    expect(positionOf('/a/0/c', 'key')).toEqual({ line: 3, column: 5 });
    expect(positionOf('/a/0/none')).toEqual({ line: 2, column: 5 });
  });
});

describe('the shape of a runbook', () => {
  it.each([
    ['- { id: a, use: exce }', '"exce" is not allowed here (a.yaml:3:17): did you mean "exec"?'],
    [
      '- { id: a, use: sql.rows, qeury: x, every: "a > 1" }',
      'unknown property "qeury" (a.yaml:3:27): did you mean "query"?',
    ],
    ['- { use: git.clean }', 'property "id" is missing (a.yaml:3:3): add it'],
    ['- { id: a }', 'property "use" is missing (a.yaml:3:3): add it'],
    [
      '- { id: a, use: app.writes, set: maybe }',
      '"maybe" is not allowed here (a.yaml:3:34): use one of on, off',
    ],
    [
      '- { id: a, use: app.writes, set: on, undo: { sett: off } }',
      'unknown property "sett" (a.yaml:3:46): did you mean "set"?',
    ],
    [
      '- { id: a, use: git.clean, undo: [{ use: nope }] }',
      '"nope" is not allowed here (a.yaml:3:42): see its schema',
    ],
    [
      '- { id: a, use: git.clean, onFail: page }',
      'property "onFail" belongs to a monitor (a.yaml:3:28): use "until" in a step',
    ],
    [
      '- { id: a, use: git.clean, takes: 0s }',
      'wrong value, expected a time such as 90s, 30m, 4h or 7d (a.yaml:3:35): correct it there',
    ],
    [
      '- { id: a, use: exec, run: "rm -rf" }',
      'wrong value, expected a list of the program and its arguments (a.yaml:3:28): correct it there',
    ],
  ])('is told with line and column: %s', (step, expected) => {
    expect(complaint(`${STEPS}${step}\n`)).toBe(`MAPPING ${expected}`);
  });

  it.each([
    [
      'runbook: a',
      'there are neither steps, nor phases, nor a rollout (a.yaml:1:1): add what is to be done',
    ],
    [
      'runbook: a\nsteps: [{ id: a, use: git.clean }]\nphases: [{ id: b, steps: [{ id: c, use: git.clean }] }]',
      'a runbook has either steps or phases with steps (a.yaml:3:1): remove one of them',
    ],
    [
      'runbook: a\ninputs: { db: { sercet: X } }',
      'unknown property "sercet" (a.yaml:2:17): did you mean "secret"?',
    ],
    [
      'a: [',
      'the runbook is not YAML that is read, the syntax is wrong (a.yaml:1:5): correct it there',
    ],
  ])('is told of the whole (%#)', (text, expected) => {
    expect(complaint(text)).toBe(`MAPPING ${expected}`);
  });

  it.each([
    ['wien', WIEN],
    ['gradual', GRADUAL],
  ])('takes the runbook of %s, as the published schema does', (_, text) => {
    expect(complaint(text)).toBeNull();
    const published = JSON.parse(
      readFileSync('mapping/schema/runbook.schema.json', 'utf8'),
    ) as object;
    expect(published).toEqual(RUNBOOK_SCHEMA);
    const validate = new Ajv2020({ strict: true }).compile(published);
    expect([validate(JSON.parse(JSON.stringify(parseYaml(text).value))), validate.errors]).toEqual([
      true,
      null,
    ]);
    expect(validate({ runbook: 'a', setps: [] })).toBe(false);
  });
});

describe('the model of a runbook', () => {
  it('has a way back of the same type where none is named, without what was expected of the step', () => {
    const { runbook } = parseRunbook(WIEN, 'wien.yaml');
    const [, , , freeze, migrate] = runbook.steps;
    expect(freeze?.undo).toMatchObject([{ use: 'app.writes', members: { set: 'on' } }]);
    expect(freeze?.undo[0]?.members).not.toHaveProperty('expect');
    expect(migrate?.undo).toMatchObject([{ use: 'pg.restore_swap', pointer: '/steps/4/undo' }]);
  });

  it('has the phase of each step, and times in milliseconds', () => {
    const text = `runbook: a
phases:
  - { id: before, steps: [{ id: clean, use: git.clean, takes: 90s }] }
  - { id: after, steps: [{ id: again, use: git.clean, until: { for: 5m, every: 30s } }] }`;
    const { steps } = parseRunbook(text, 'a.yaml').runbook;
    expect(steps.map(({ phase, takes }) => [phase, takes])).toEqual([
      ['before', 90_000],
      ['after', null],
    ]);
    expect(steps[1]?.until).toEqual({ for: 300_000, every: 30_000, within: null });
  });

  it('has a hash of what it says, not of how it is written', () => {
    const one = hashOf(`${STEPS}- { id: a, use: git.clean, title: "x" }`);
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(hashOf(`# y\nsteps:\n- title: x\n  use: git.clean\n  id: a\nrunbook: "a"`)).toBe(one);
    expect(hashOf(`${STEPS}- { id: a, use: git.clean, title: "z" }`)).not.toBe(one);
  });
});
