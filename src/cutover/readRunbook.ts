/**
 * Reads a runbook: its YAML, its shape, its model and its plan hash. Every error is one failure with file,
 * line and column. Nothing that a runbook names is read or run.
 *
 * The plan hash is the SHA-256 of the runbook's value as canonical JSON, with the members that a way back
 * takes from its step: it does not depend on comments, indentation or the order of members.
 */

import { createHash } from 'node:crypto';
import { basename, dirname, join, resolve } from 'node:path';

import { realFolder } from '../disk/noLinks.ts';
import { compileShape, type ShapeCheck } from '../mapping/check/schemaErrors.ts';
import { RUNBOOK_SCHEMA } from './schema/runbookSchema.ts';
import { Failure } from '../outcome/failure.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { canonicalJson } from '../record/canonical.ts';
import { decodeUtf8 } from '../record/jsonText.ts';
import { readPlainFile } from '../seal/files.ts';
import { completeRunbook } from './completeRunbook.ts';
import type { Written } from './written.ts';
import type { Runbook } from './runbook.ts';
import { parseYaml, YamlError, type YamlText } from './yamlText.ts';

/** Most bytes of a runbook. */
const MAX_BYTES = 1024 * 1024;

export interface LoadedRunbook {
  readonly runbook: Runbook;
  /** Lower-case hex. */
  readonly planHash: string;
  /** What was written, with complete ways back. */
  readonly value: unknown;
  /** Name of the file, for people. */
  readonly name: string;
  readonly text: string;
  /** Returns `wien.yaml:12:5` for a value, or its key, by JSON pointer. */
  readonly where: (pointer: string, part?: 'key' | 'value') => string;
}

const ACTION = { $ref: '#/$defs/action' };
/** Stricter than the published schema, as the ways back are complete. */
const COMPLETE: Readonly<Record<string, unknown>> = {
  ...RUNBOOK_SCHEMA,
  $defs: {
    ...(RUNBOOK_SCHEMA['$defs'] as object),
    'member.undo': {
      if: { type: 'array' },
      // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
      then: { type: 'array', minItems: 1, items: ACTION },
      else: ACTION,
    },
  },
};

let check: ShapeCheck | undefined;

/** Reads the runbook at a path from `cwd`; failures name it as given. @throws Failure USAGE, MAPPING */
export function readRunbook(path: string, cwd: string): LoadedRunbook {
  const full = resolve(cwd, path);
  const bytes = readPlainFile(join(realFolder(dirname(full)), basename(full)), MAX_BYTES);
  if (bytes === null) {
    throw new Failure('USAGE', {
      what: 'there is no runbook of at most 1 MiB, as an ordinary file',
      where: shownName(path),
      hint: 'check the path',
    });
  }
  const text = decodeUtf8(bytes);
  if (text === null || text.startsWith('\uFEFF')) {
    const what = 'the runbook is not UTF-8 without a byte order mark';
    throw new Failure('MAPPING', { what, where: shownName(path), hint: 'save it so' });
  }
  return parseRunbook(text, path);
}

/** Reads the text of a runbook. @throws Failure MAPPING */
export function parseRunbook(text: string, path: string): LoadedRunbook {
  const name = shownName(path);
  const yaml = yamlOf(text, name);
  const where: LoadedRunbook['where'] = (pointer, part) => {
    const { line, column } = yaml.positionOf(pointer, part);
    return `${name}:${line}:${column}`;
  };
  const value = withWaysBack(yaml.value);
  check ??= compileShape(COMPLETE);
  const error = check(value) ?? misplaced(value as Written);
  if (error !== null) {
    const { what, hint, pointer, part } = error;
    throw new Failure('MAPPING', { what, where: where(pointer, part), hint });
  }
  const runbook = completeRunbook(value as Written);
  const planHash = createHash('sha256').update(canonicalJson(value)).digest('hex');
  return { runbook, planHash, value, name, text, where };
}

function shownName(path: string): string {
  return /^[\x20-\x7e]{1,200}$/.test(path) ? path : quoteName(path);
}

function yamlOf(text: string, name: string): YamlText {
  try {
    return parseYaml(text);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw new Failure('MAPPING', {
      what: `the runbook is not YAML that is read, ${error.message}`,
      where: `${name}:${error.line}:${error.column}`,
      hint: 'correct it there',
    });
  }
}

/** Completes the ways back: without `use` they are of the type of their step, and have its members. */
function withWaysBack(value: unknown): unknown {
  if (!isObject(value)) return value;
  const { phases, rollout } = value;
  const steps = withSteps(value);
  const whole = isObject(rollout) ? { ...steps, rollout: withRemovals(rollout) } : steps;
  return Array.isArray(phases) ? { ...whole, phases: phases.map(withSteps) } : whole;
}

/** What removes the old version is a step, too. */
function withRemovals(rollout: Written): Written {
  const { stages } = rollout;
  return Array.isArray(stages) ? { ...rollout, stages: stages.map(withRemoval) } : rollout;
}

function withRemoval(stage: unknown): unknown {
  if (!isObject(stage) || !isObject(stage['remove'])) return stage;
  return { ...stage, remove: withWayBack(stage['remove']) };
}

function withSteps(value: unknown): Written {
  const { steps } = Object(value) as Written;
  if (!isObject(value) || !Array.isArray(steps)) return value as Written;
  return { ...value, steps: steps.map(withWayBack) };
}

/** Members of a step that are not those of its way back. */
const NOT_BACK: ReadonlySet<string> = new Set([
  'id',
  'title',
  'requires',
  'when',
  'takes',
  'until',
  'pointOfNoReturn',
  'verify',
  'probe',
  'undo',
  'expect',
]);

function withWayBack(step: unknown): unknown {
  if (!isObject(step) || step['undo'] === undefined) return step;
  const own = Object.fromEntries(Object.entries(step).filter(([name]) => !NOT_BACK.has(name)));
  const back = (undo: unknown): unknown => {
    return isObject(undo) && undo['use'] === undefined ? { ...own, ...undo } : undo;
  };
  const { undo } = step;
  return { ...step, undo: Array.isArray(undo) ? undo.map(back) : back(undo) };
}

function isObject(value: unknown): value is Written {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Misplaced {
  readonly pointer: string;
  readonly part?: 'key' | 'value';
  readonly what: string;
  readonly hint: string;
}

/** Returns what the schema cannot tell: members of a monitor in a step, and two forms of one thing. */
function misplaced(value: Written): Misplaced | null {
  const forms = ['steps', 'phases'].filter((name) => value[name] !== undefined);
  if (forms.length === 2) {
    const what = 'a runbook has either steps or phases with steps';
    return { pointer: '/phases', part: 'key', what, hint: 'remove one of them' };
  }
  if (forms.length === 0 && value['rollout'] === undefined) {
    const what = 'there are neither steps, nor phases, nor a rollout';
    return { pointer: '', what, hint: 'add what is to be done' };
  }
  const { steps } = completeRunbook(value);
  for (const { pointer, members, use } of steps) {
    const name = ['for', 'onFail', ...(use === 'sql.rows' ? [] : ['every'])].find(
      (one) => members[one] !== undefined,
    );
    if (name === undefined) continue;
    const what = `property ${quoteName(name)} belongs to a monitor`;
    return { pointer: `${pointer}/${name}`, part: 'key', what, hint: 'use "until" in a step' };
  }
  return null;
}
