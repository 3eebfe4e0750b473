/** Commands on shops of tests (shop.ts), each in a folder of its own: what they say, and that they do nothing. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'vitest';

import { sealift, type Ran } from '../kit/run.ts';
import { sharedFolder } from '../kit/sharedFolder.ts';
import { linesOf, makeShop, SHOP_ENV, stateOfShop } from './shop.ts';

const work = sharedFolder('shops');
let shops = 0;

/** Makes a shop; `change` makes another runbook of it. */
export function shop(change?: (runbook: string) => string): string {
  const folder = join(work, String((shops += 1)));
  mkdirSync(folder);
  makeShop(folder, change);
  return folder;
}

export interface Told extends Ran {
  readonly line: string;
}

export type Options = {
  readonly now?: () => Date;
  readonly env?: Readonly<Record<string, string>>;
};

/** Runs a command; what it complains of is one line, as a person reads it. */
export async function told(
  folder: string,
  args: readonly string[],
  options: Options = {},
): Promise<Told> {
  const [name = '', ...rest] = args;
  const all = ['cutover', name, 'shop.yaml', ...rest];
  const ran = await sealift(all, { cwd: folder, env: SHOP_ENV, ...options });
  expect(ran.stdout + ran.stderr).not.toMatch(
    / {4}at |node:|file:\/\/|undefined|\[object|defect of/,
  );
  const lines = ran.stderr.split('\n').filter((line) => line.startsWith('sealift '));
  return { ...ran, line: lines.join('\n') };
}

/** The command, what is wrong and where, what to do next: no colon more. */
export function isOneLine(line: string): boolean {
  return /^sealift cutover [a-z]+: \S[^\n]*[^.:\n]$/.test(line) && line.split(': ').length === 3;
}

export async function refused(
  folder: string,
  args: readonly string[],
  code: number,
  line: RegExp,
  options?: Options,
): Promise<void> {
  const [before, lines] = [stateOfShop(folder), linesOf(folder)];
  const ran = await told(folder, args, options);
  expect([ran.code, ran.line], ran.stderr).toEqual([code, expect.stringMatching(line)]);
  expect(isOneLine(ran.line), ran.line).toBe(true);
  expect([stateOfShop(folder), linesOf(folder)]).toEqual([before, lines]);
}

export const RUN: readonly string[] = ['run', '--who', 'ada', '--no-wait'];
export const RESUME: readonly string[] = ['resume', '--who', 'ada', '--no-wait'];

/** A shop whose run waits for an approval. */
export async function waiting(change?: (runbook: string) => string): Promise<string> {
  const folder = shop(change);
  const ran = await told(folder, RUN);
  expect([ran.code, ran.line]).toEqual([3, expect.stringContaining('waits at approve')]);
  return folder;
}

export const replaced =
  (from: string, to: string) =>
  (runbook: string): string => {
    expect(runbook).toContain(from);
    return runbook.replace(from, to);
  };

/** A clock that is so many ms after the real one. */
export const clock =
  (ms: number): (() => Date) =>
  () =>
    new Date(Date.now() + ms);
