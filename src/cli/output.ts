/**
 * Everything that a command says goes through here, to standard output or standard error: whatever
 * names a line holds, it draws nothing and breaks nothing, and what cannot be written is noticed.
 */

import { fstatSync, writeSync } from 'node:fs';

import { exitCodeOfLostOutput } from '../outcome/exitCode.ts';
import { printable } from '../outcome/printable.ts';

const OUT = 1;

/** Where a command line writes to, and what it knows about it. */
export interface Output {
  /** Writes results, to standard output. */
  readonly text: (text: string) => void;
  /** Writes what is said beside the results, to standard error. */
  readonly note: (text: string) => void;
  /** The size of the terminal that shows the results, in characters; null where none does. */
  readonly screen: () => { readonly columns: number; readonly rows: number } | null;
  /** Whether a line on standard error may move: it is a terminal. */
  readonly moves: boolean;
  /** The exit code of a command, where what it said has arrived, or else another than success. */
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

/** The code of the first error; null while all was written. */
let lost: string | null = null;

/** A line of results. `decorate` puts colour around what is printable by then. */
export function sayLine(
  output: Output,
  line: string,
  decorate: (line: string) => string = (as) => as,
): void {
  output.text(`${decorate(printable(line))}\n`);
}

/** A line for a person, beside the results. */
export function noteLine(output: Output, line: string): void {
  output.note(`${printable(line)}\n`);
}

/** A value as JSON, in which no character is one that a terminal obeys. */
export function sayJson(output: Output, value: unknown): void {
  output.text(`${plainJson(value)}\n`);
}

/** JSON of several lines; control, invisible and direction-changing characters are escaped. */
export function plainJson(value: unknown): string {
  // Line ends of the layout stay: those of texts are escaped by then.
  return JSON.stringify(value, null, 2).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return character === '\n' ? character : escapedUnits(character);
  });
}

function escapedUnits(character: string): string {
  return Array.from({ length: character.length }, (_, at) => {
    return `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  }).join('');
}

function writeText(text: string): void {
  if (lost !== null) return;
  if (!isFile()) {
    process.stdout.write(text);
    return;
  }
  // The runtime takes a write of a part of the text, as onto a disk that is nearly full, for all of it.
  const bytes = Buffer.from(text);
  try {
    for (let done = 0; done < bytes.length;) done += writeSync(OUT, bytes, done);
  } catch (error) {
    outputFailed(error);
  }
}

/** Whether what is written to standard output arrives at once. Devices such as /dev/full count. */
function isFile(): boolean {
  if (process.stdout.isTTY) return false;
  try {
    const stat = fstatSync(OUT);
    return stat.isFile() || stat.isCharacterDevice();
  } catch {
    return false;
  }
}

/** Notes that output is lost, and says so once. A reader that has gone away wants no more of it. */
export function outputFailed(error: unknown): void {
  const { code = 'unknown' } = error as NodeJS.ErrnoException;
  if (code === 'EPIPE' || lost !== null) return;
  lost = code;
  noteLine(
    processOutput,
    `sealift: standard output could not be written (${code}): what the command did stands, ` +
      'but what it said is lost',
  );
}

/** The exit code of a command, where what it said has arrived, or else another than success. */
export function codeOfOutput(code: number): number {
  return lost === null ? code : exitCodeOfLostOutput(code);
}
