/** Projects of the tests that declare columns with secrets, and what their commands report. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Finding } from '../../src/outcome/finding.ts';
import { findingsOf } from '../kit/project.ts';
import { sealift, type Ran, type RunOptions } from '../kit/run.ts';

/** 32 bytes in hex, different for each number; not one byte repeated. */
export function keyHex(number: number): string {
  return Buffer.from(Array.from({ length: 32 }, (_, at) => (number * 31 + at * 7) % 256)).toString(
    'hex',
  );
}

/** Variables with the keys k1, k2, and so on, and that of the log. */
export const KEYS: Readonly<Record<string, string>> = {
  SECRET_K1: keyHex(1),
  SECRET_K2: keyHex(2),
  SECRET_OLD: keyHex(3),
  SECRET_INDEX: keyHex(4),
  SECRET_LOG: keyHex(5),
};

const SOURCES = {
  k1: { source: 'env:SECRET_K1' },
  k2: { source: 'env:SECRET_K2' },
  old: { source: 'env:SECRET_OLD' },
  index: { source: 'env:SECRET_INDEX' },
  log: { source: 'env:SECRET_LOG' },
};

export type Column = Readonly<Record<string, unknown>>;

export const COLUMN: Column = {
  table: 'secrets',
  id: 'id',
  column: 'value',
  legacy: [{ form: 'base64' }],
  target: 'a1',
  key: 'k1',
};

/** Writes mapping/keys.json of a project. */
export function declareKeys(
  project: string,
  database: string,
  columns: readonly Column[] = [COLUMN],
  keys: Readonly<Record<string, { readonly source: string }>> = SOURCES,
): void {
  mkdirSync(join(project, 'mapping'), { recursive: true });
  const content = { format: 1, database, keys, log: 'log', columns };
  writeFileSync(join(project, 'mapping/keys.json'), JSON.stringify(content));
}

/** Runs `sealift keys ARGS` in a project. */
export function keys(
  project: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ran> {
  const env = { ...KEYS, ...options.env };
  return sealift(['keys', ...args, '--project', project], { ...options, env });
}

/** What a command prints with `--json`. */
export interface Said {
  readonly status: string;
  readonly facts: Readonly<Record<string, unknown>> & { readonly columns: readonly Facts[] };
  readonly failure?: { readonly line: string };
  readonly code: number | null;
}

export type Facts = Readonly<Record<string, never>> & {
  readonly states: Readonly<Record<string, number>>;
  readonly opened: Readonly<Record<string, number>>;
};

/** Runs a command with `--json`, and returns what it printed. */
export async function said(
  project: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Said> {
  const ran = await keys(project, [...args, '--json'], options);
  if (ran.stdout === '') throw new Error(`sealift keys ${args.join(' ')}: ${ran.stderr}`);
  return { ...(JSON.parse(ran.stdout) as Said), code: ran.code };
}

/** Findings of a command's last report. */
export function foundBy(project: string, command: string): readonly Finding[] {
  return findingsOf(project, `latest-keys-${command}`);
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
