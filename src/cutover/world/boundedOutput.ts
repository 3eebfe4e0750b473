/**
 * The output of a program, in bounded memory and a file of bounded size: its beginning and its end are kept,
 * with a line between them that says how much was left out.
 */

import { byteCount } from '../../outcome/byteCount.ts';
import type { OutputFile } from './artifacts.ts';

/** Bytes of the beginning, and of the end, that a file has. */
export const KEPT_PART: number = 2 ** 20;
/** Bytes of the end that are returned. */
export const RETURNED: number = 64 * 2 ** 10;
/** Pieces that are held before they are joined: a program may write single bytes. */
const MOST_PIECES = 1024;

export interface BoundedOutput {
  write(bytes: Buffer): void;
  /** Completes the file, and returns the end of the output. */
  end(): string;
  /** Closes the file, if it has not ended. */
  close(): void;
}

/** Begins an output; `begin` opens the file for what is kept when there is something, null for none. */
export function boundedOutput(begin: (() => OutputFile) | null): BoundedOutput {
  let file: OutputFile | null = null;
  let pieces: Buffer[] = [];
  let held = 0;
  let total = 0;
  const tail = (): Buffer => {
    const joined = Buffer.concat(pieces).subarray(-KEPT_PART);
    [pieces, held] = [[joined], joined.length];
    return joined;
  };
  const close = (): void => {
    const open = file;
    file = null;
    open?.close();
  };
  return {
    close,
    write(bytes) {
      if (total === 0) file = begin?.() ?? null;
      if (total < KEPT_PART) file?.write(bytes.subarray(0, KEPT_PART - total));
      total += bytes.length;
      pieces.push(bytes);
      held += bytes.length;
      if (held > 2 * KEPT_PART || pieces.length > MOST_PIECES) tail();
    },
    end() {
      const end = tail();
      const after = Math.max(0, total - KEPT_PART);
      const left = Math.max(0, after - KEPT_PART);
      if (left > 0) file?.write(Buffer.from(`\n[${byteCount(left)} left out]\n`));
      if (after > 0) file?.write(end.subarray(end.length - Math.min(after, end.length)));
      close();
      return textOf(end.subarray(-RETURNED), total > RETURNED);
    },
  };
}

/** Decodes the end of an output, from its first whole character. */
function textOf(bytes: Buffer, isCut: boolean): string {
  const start = isCut ? bytes.findIndex((byte) => (byte & 0xc0) !== 0x80) : 0;
  return bytes.subarray(Math.max(0, start)).toString('utf8');
}
