/**
 * What the documents of a run are made of: its runbook, its journal, and what lies beside that. A document is a
 * function of these alone, so that another person makes the same bytes of them.
 */

import { hash } from 'node:crypto';

import { broken, type JournalEntry } from '../../journal/line.ts';
import { canonicalJson } from '../../record/canonical.ts';
import type { Runbook, Step } from '../runbook.ts';
import { runStepsOf } from '../runSteps.ts';
import type { KeptOutput } from '../world/world.ts';
import { recordOf, type RunRecord } from '../engine/runRecord.ts';

export interface RunSources {
  /** Name of the run. */
  readonly run: string;
  /** The runbook that the run began with. */
  readonly runbook: Runbook;
  /** Of that runbook, lower-case hex. */
  readonly planHash: string;
  /** The journal of the run, verified. */
  readonly lines: readonly JournalEntry[];
  /** Name of the journal, for failures. */
  readonly where: string;
  /** Bytes of an output by its name, as they are now; null for none. They are verified here. */
  readonly outputs: (name: string) => Uint8Array | null;
  /** Bytes of the file of an approval by its digest; null for none. They are verified here. */
  readonly approvals: (digest: string) => Uint8Array | null;
}

export interface RunEvidence extends RunSources {
  readonly record: RunRecord;
  /** The lines about each step or watch, in their order, by its id or `watch:NAME`. */
  readonly linesAbout: ReadonlyMap<string, readonly JournalEntry[]>;
  /** SHA-256 of the last line of the journal, lower-case hex; zeros without lines. */
  readonly head: string;
}

/** Reads the journal of a run. @throws Failure JOURNAL for one that cannot be; USAGE for another runbook */
export function runEvidence(sources: RunSources): RunEvidence {
  const { runbook, planHash, lines, where } = sources;
  const { record } = recordOf(runStepsOf(runbook), { path: where, planHash }, lines, where);
  return { ...sources, record, linesAbout: Map.groupBy(lines, ownerOf), head: headOf(lines) };
}

/** Returns the SHA-256 of the last line of a journal, LF included. */
function headOf(lines: readonly JournalEntry[]): string {
  const last = lines.at(-1);
  if (last === undefined) return '0'.repeat(64);
  return hash('sha256', `${canonicalJson(last)}\n`, 'hex');
}

/** A file of a run that has a digest in its journal, as it is now. */
export type Found = 'intact' | 'changed' | 'missing';

/** An output of a run with what became of it. */
export interface FoundOutput extends KeptOutput {
  readonly found: Found;
  /** Null unless it is intact. */
  readonly content: Uint8Array | null;
}

/** Reads an output, and compares it with its line in the journal. */
export function findOutput({ outputs }: RunSources, output: KeptOutput): FoundOutput {
  const bytes = outputs(output.name);
  if (bytes === null) return { ...output, found: 'missing', content: null };
  const isSame = hash('sha256', bytes, 'hex') === output.sha256;
  return isSame
    ? { ...output, found: 'intact', content: bytes }
    : { ...output, found: 'changed', content: null };
}

/** An output with the step or watch that has left it. */
export interface OwnedOutput extends KeptOutput {
  /** Id of a step, or `watch:NAME`. */
  readonly of: string;
}

/** Returns all outputs of a run, in the order of the journal. @throws Failure JOURNAL */
export function outputsIn({ lines, where }: RunSources): readonly OwnedOutput[] {
  return lines.flatMap((line) => {
    const { outputs = [] } = line;
    if (!Array.isArray(outputs)) throw badOutput(where, line);
    return outputs.map((one: unknown) => outputOf(one, where, line));
  });
}

const NAME = /^[A-Za-z0-9_][\w.-]{0,159}$/;

function outputOf(value: unknown, where: string, line: JournalEntry): OwnedOutput {
  const { name, bytes, sha256 } = Object(value) as Record<string, unknown>;
  const isOutput =
    typeof name === 'string' &&
    NAME.test(name) &&
    Number.isSafeInteger(bytes) &&
    typeof sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(sha256);
  if (!isOutput) throw badOutput(where, line);
  return { name, bytes: Number(bytes), sha256, of: ownerOf(line) };
}

function badOutput(where: string, { seq }: JournalEntry): Error {
  return broken('a line of the run names an output that cannot be', `${where}:${seq}`);
}

/** Returns the step or watch that a line is about; empty for none. */
function ownerOf({ step, of }: JournalEntry): string {
  if (typeof step === 'string') return step;
  return typeof of === 'string' ? of.replace(/^step:/, '') : '';
}

/** Returns a text of a line; null if it has none of this name. */
export function textIn(line: JournalEntry, name: string): string | null {
  const text = line[name];
  return typeof text === 'string' ? text : null;
}

/** Returns the lines about a step, in their order. */
export function linesOf({ lines }: RunSources, { id }: Pick<Step, 'id'>): readonly JournalEntry[] {
  return lines.filter((line) => ownerOf(line) === id);
}

/** Lines that name what an attempt, or its way back, has left. */
const LEAVES = {
  'step-intended': ['step-ended', 'sampled'],
  'undo-intended': ['undo-part'],
} as const;

/**
 * Returns what the last attempt of a step has left: the outputs of its end, or of its last look; by `from` those of
 * its way back. Empty ones of standard error are none. Only lines up to an index count.
 */
export function outputsOfStep(
  evidence: RunSources,
  step: Pick<Step, 'id'>,
  upTo: number = evidence.lines.length - 1,
  from: keyof typeof LEAVES = 'step-intended',
): readonly FoundOutput[] {
  const lines = linesOf({ ...evidence, lines: evidence.lines.slice(0, upTo + 1) }, step);
  const attempt = lines.slice(lines.findLastIndex(({ event }) => event === from));
  const events: readonly string[] = LEAVES[from];
  const last = attempt.findLast(({ event, outputs }) => {
    return outputs !== undefined && events.includes(event);
  });
  const own = last === undefined ? [] : outputsIn({ ...evidence, lines: [last] });
  return own
    .filter(({ name, bytes }) => bytes > 0 || !isError(name))
    .map(({ name, bytes, sha256 }) => findOutput(evidence, { name, bytes, sha256 }));
}

/** Whether an output is standard error. */
export function isError(name: string): boolean {
  return /\.stderr(?:\.\d+)?$/.test(name);
}
