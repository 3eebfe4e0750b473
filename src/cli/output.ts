/**
 * Writes all output of a command, to standard output or standard error. Escapes control characters
 * in names, and notices output that could not be written.
 */

import { fstatSync, writeSync } from 'node:fs';

import { exitCodeOfLostOutput } from '../outcome/exitCode.ts';
import { printable } from '../outcome/printable.ts';

const OUT = 1;

/** Code of the first write error; null if there was none. */
let lost: string | null = null;

/** Prints a line of results. `decorate` adds colour after the line was made printable. */
export function sayLine(line: string, decorate: (line: string) => string = (as) => as): void {
  sayText(`${decorate(printable(line))}\n`);
}

/** Prints a line for a person to standard error. */
export function noteLine(line: string): void {
  process.stderr.write(`${printable(line)}\n`);
}

/** Prints a value as JSON without characters that control a terminal. */
export function sayJson(value: unknown): void {
  sayText(`${plainJson(value)}\n`);
}

/** Returns indented JSON; control, invisible and bidirectional characters are escaped. */
export function plainJson(value: unknown): string {
  // Line ends of the layout stay; JSON.stringify has escaped those in texts.
  return JSON.stringify(value, null, 2).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return character === '\n' ? character : escapedUnits(character);
  });
}

function escapedUnits(character: string): string {
  return Array.from({ length: character.length }, (_, at) => {
    return `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  }).join('');
}

/** Prints text that holds no names, such as help and scripts. */
export function sayText(text: string): void {
  if (lost !== null) return;
  if (!isFile()) {
    process.stdout.write(text);
    return;
  }
  // A partial write, as onto a nearly full disk, counts as a full one in the runtime: loop instead.
  const bytes = Buffer.from(text);
  try {
    for (let done = 0; done < bytes.length;) done += writeSync(OUT, bytes, done);
  } catch (error) {
    outputFailed(error);
  }
}

/** Whether writes to standard output are synchronous: files, and devices such as /dev/full. */
function isFile(): boolean {
  if (process.stdout.isTTY) return false;
  try {
    const stat = fstatSync(OUT);
    return stat.isFile() || stat.isCharacterDevice();
  } catch {
    return false;
  }
}

/** Records that output is lost and prints so once, unless the reader has closed the pipe. */
export function outputFailed(error: unknown): void {
  const { code = 'unknown' } = error as NodeJS.ErrnoException;
  if (code === 'EPIPE' || lost !== null) return;
  lost = code;
  noteLine(
    `sealift: standard output could not be written (${code}): what the command did is done, ` +
      'but its output is lost',
  );
}

/** Returns the exit code of a command, or the one for lost output if it would tell of success. */
export function codeOfOutput(code: number): number {
  return lost === null ? code : exitCodeOfLostOutput(code);
}
