/** Bytes of cells that become parts of records. Pure. */

/**
 * Writes the JSON of the cell `bytes[start, end)` at `at` of `target`, which is large enough; returns
 * its end, or -1 if the cell has another form.
 */
export type WriteCell = (
  kind: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  target: Buffer,
  at: number,
) => number;

const [QUOTE, ZERO, NINE] = [0x22, 0x30, 0x39];

/** Whether bytes are one or more digits. */
export function areDigits(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte < ZERO || byte > NINE) return false;
  }
  return end > start;
}

/** Copies bytes; returns where they end. */
export function copied(
  bytes: Uint8Array,
  start: number,
  end: number,
  target: Buffer,
  from: number,
): number {
  let at = from;
  for (let index = start; index < end; index += 1) {
    target[at] = bytes[index] ?? 0;
    at += 1;
  }
  return at;
}

/** Copies bytes between quotation marks; returns where they end. */
export function quoted(
  bytes: Uint8Array,
  start: number,
  end: number,
  target: Buffer,
  at: number,
): number {
  target[at] = QUOTE;
  const stop = copied(bytes, start, end, target, at + 1);
  target[stop] = QUOTE;
  return stop + 1;
}
