/** Writes the text of a line's cell as a JSON string, in one pass over its bytes. Pure. */

const [TAB, SPACE, QUOTE, BACKSLASH] = [0x09, 0x20, 0x22, 0x5c];

/** Whether a byte ends a run of bytes that are the same in both: controls, quotation marks, backslashes. */
const ENDS_RUN: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < SPACE || byte === QUOTE || byte === BACKSLASH ? 1 : 0,
);

/** Escapes that COPY and JSON (RFC 8785 §3.2.2.2) have in common, by the character after the backslash. */
const COMMON: ReadonlySet<number> = new Set(Buffer.from('bfnrt\\'));

/** From this length on, the runtime copies a run faster than a loop does. */
const LONG_RUN = 48;

/** Where the text goes, and where its cell was found to end. */
export interface TextTarget {
  /** Large enough for it. */
  readonly target: Buffer;
  readonly at: number;
  readonly read: { end: number };
}

/**
 * Writes the cell that begins at `start` of a line, which ends at `end`; returns where its JSON ends, or
 * -1 if the cell has an escape or a control that only the decoder knows.
 */
export function writeLineText(
  bytes: Buffer,
  start: number,
  end: number,
  { target, at: from, read }: TextTarget,
): number {
  let [run, at] = [start, from];
  target[at] = QUOTE;
  at += 1;
  for (;;) {
    let stop = run;
    while (stop < end && ENDS_RUN[bytes[stop] ?? 0] === 0) stop += 1;
    if (stop - run >= LONG_RUN) {
      at += bytes.copy(target, at, run, stop);
    } else {
      for (let index = run; index < stop; index += 1) {
        target[at] = bytes[index] ?? 0;
        at += 1;
      }
    }
    const sign = bytes[stop];
    if (stop === end || sign === TAB) {
      read.end = stop;
      break;
    }
    const escape = sign === QUOTE ? QUOTE : (bytes[stop + 1] ?? 0);
    if (sign !== QUOTE && (sign !== BACKSLASH || !COMMON.has(escape))) return -1;
    target[at] = BACKSLASH;
    target[at + 1] = escape;
    at += 2;
    run = stop + (sign === QUOTE ? 1 : 2);
  }
  target[at] = QUOTE;
  return at + 1;
}
