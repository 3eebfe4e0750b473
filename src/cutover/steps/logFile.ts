/** A log of the runbook's folder, read as it is now, in pieces: it may grow, or be replaced, meanwhile. */

import { closeSync, constants, fstatSync, readSync } from 'node:fs';

import { systemCode } from '../../disk/errors.ts';
import { openNoLinks } from '../../disk/noLinks.ts';
import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import type { LineReader } from './logLines.ts';
import type { StepWork } from './stepType.ts';

/** Reads a log, after the one that it has replaced if lines of the time may be there; returns why it cannot, as a clause. */
export async function readLogFile(
  { world, signal }: Pick<StepWork, 'world' | 'signal'>,
  { file, rotates }: { readonly file: string; readonly rotates: boolean },
  reader: LineReader,
): Promise<string | null> {
  const place = world.files.place(file);
  const names = rotates ? [`${place}.1`, place] : [place];
  const logs = names.map((name) => openLog(name));
  try {
    if (logs.at(-1) === null) return 'there is no such log';
    for (const log of logs) {
      if (log === null) continue;
      if (!(await readPieces(log, reader, signal))) return 'the log was cut off while it was read';
    }
    return null;
  } finally {
    for (const log of logs) if (log !== null) closeSync(log);
  }
}

function openLog(path: string): number | null {
  try {
    return openNoLinks(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    const hint = 'check the path and its permissions';
    throw new Failure('USAGE', {
      what: 'the log cannot be read',
      where: quoteName(path),
      hint,
      cause: error,
    });
  }
}

const PIECE = 64 * 1024;

/** Reads what a log has now; a log that is replaced meanwhile stays readable. Returns false if it was cut off. */
async function readPieces(log: number, reader: LineReader, signal: AbortSignal): Promise<boolean> {
  const { size } = fstatSync(log);
  const piece = Buffer.alloc(PIECE);
  for (let at = 0; at < size;) {
    const count = readSync(log, piece, 0, Math.min(PIECE, size - at), at);
    if (count === 0) return false;
    at += count;
    reader.push(piece.subarray(0, count));
    await new Promise((done) => setImmediate(done));
    signal.throwIfAborted();
  }
  return fstatSync(log).size >= size;
}
