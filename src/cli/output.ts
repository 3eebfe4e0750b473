/**
 * Writes all output of a command, to standard output or standard error. Escapes control characters
 * in names, and notices output that could not be written.
 */

import { fstatSync, writeSync } from 'node:fs';

import { exitCodeOfLostOutput } from '../outcome/exitCode.ts';
import { printable } from '../outcome/printable.ts';

const OUT = 1;

/** The streams that a command line writes to. */
export interface Output {
  /** Writes results to standard output. */
  readonly text: (text: string) => void;
  /** Writes notes to standard error. */
  readonly note: (text: string) => void;
  /** Returns the size of the terminal that shows the results, in characters; null if none does. */
  readonly screen: () => { readonly columns: number; readonly rows: number } | null;
  /** Whether standard error is a terminal, where a line may be redrawn. */
  readonly moves: boolean;
  /** Returns the exit code of a command; never that of success if output was lost. */
  readonly codeOf: (code: number) => number;
}

/** The streams of this process. */
export const processOutput: Output = {
  text: writeText,
  note: (text) => {
    process.stderr.write(text);
  },
  screen: () => {
    const { isTTY, columns, rows } = process.stdout;
    return isTTY ? { columns: columns || 80, rows: Math.max(24, rows || 24) } : null;
  },
  moves: process.stderr.isTTY,
  codeOf: codeOfOutput,
};

/** Code of the first write error; null if there was none. */
let lost: string | null = null;

/** Prints a line of results. `decorate` adds colour after the line was made printable. */
export function sayLine(
  output: Output,
  line: string,
  decorate: (line: string) => string = (as) => as,
): void {
  output.text(`${decorate(printable(line))}\n`);
}

/** Prints a line for a person to standard error. */
export function noteLine(output: Output, line: string): void {
  output.note(`${printable(line)}\n`);
}

/** Prints a value as JSON without characters that control a terminal. */
export function sayJson(output: Output, value: unknown): void {
  output.text(`${plainJson(value)}\n`);
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
function writeText(text: string): void {
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
    processOutput,
    `sealift: standard output could not be written (${code}): what the command did is done, ` +
      'but its output is lost',
  );
}

/** Returns the exit code of a command, or the one for lost output if it would tell of success. */
export function codeOfOutput(code: number): number {
  return lost === null ? code : exitCodeOfLostOutput(code);
}
