/**
 * Takes secrets out of texts and bytes, in one pass: two bytes tell by how many the search can go on, the first
 * three bytes of all forms are a table of bits, and where one passes, the forms with these bytes are searched by
 * halves. The time does not depend on the number of secrets, and hardly on what an output holds.
 *
 * Promises: no form of a secret is left whole, wherever outputs are cut into chunks. What overlaps is taken
 * out together, so that no half of a secret is left either. Bytes without a secret are as they were.
 */

import { formsOf, LEAST_LENGTH } from './secretForms.ts';

/** Takes secrets out of what is kept or said. */
export interface Redactor {
  /**
   * Makes a value known as a secret of this name: of a URL its password, too. Its usual encodings (percent,
   * base64, hex, JSON, URL-safe base64) are taken out as well. A value of fewer than 6 characters is not
   * looked for in bytes of others, as it would be found everywhere.
   */
  add(name: string, value: string): void;
  /** Replaces each known secret by `[redacted NAME]`. */
  text(text: string): string;
  bytes(bytes: Uint8Array): Buffer;
}

/** Redacts an output in chunks: each call returns what is known to have no secret in it. */
export interface RedactedStream {
  push(chunk: Uint8Array): Buffer;
  /** Returns the rest. */
  end(): Buffer;
  /** Whether a secret was taken out so far. */
  found(): boolean;
}

export interface StreamRedactor extends Redactor {
  /** Whether a secret is in bytes, in any form. */
  has(bytes: Uint8Array): boolean;
  /** Begins an output; secrets that are added later are not looked for in it. */
  stream(): RedactedStream;
}

/** A form of a secret. */
interface Form {
  readonly bytes: Buffer;
  readonly marker: Buffer;
  /** The longest other form that this one begins with. */
  readonly shorter: Form | null;
}

/** All forms, for a search. */
interface Index {
  /** Ascending by bytes. */
  readonly forms: readonly Form[];
  /**
   * By how many bytes the search can go on where two bytes end what would be the first six of a form, by the
   * number that the two are (Wu and Manber 1994): 0 if they do in some form.
   */
  readonly shifts: Uint8Array;
  /** Whether some form begins with three bytes, by the number that they are. */
  readonly begins: Uint8Array;
  /** First and last form with these three bytes, by the number that they are. */
  readonly ranges: ReadonlyMap<number, readonly [number, number]>;
  readonly longest: number;
}

/** A value that is a secret, and its name. */
export interface Secret {
  readonly name: string;
  readonly value: string;
}

/** Makes a redactor of secrets. */
export function redactorOf(secrets: Iterable<Secret>): StreamRedactor {
  const redactor = createRedactor();
  for (const { name, value } of secrets) redactor.add(name, value);
  return redactor;
}

/** Makes a redactor without secrets. */
export function createRedactor(): StreamRedactor {
  const markers = new Map<string, Buffer>();
  const seen = new Set<string>();
  let index: Index | null = null;
  const indexed = (): Index => (index ??= indexOf(markers));
  const stream = (): RedactedStream => streamOf(indexed());
  const redact = (bytes: Uint8Array): Buffer | null => {
    if (markers.size === 0) return null;
    const of = indexed();
    return hasForm(bytes, of) ? wholeOf(streamOf(of), bytes) : null;
  };
  return {
    add(name, value) {
      const key = JSON.stringify([name, value]);
      if (seen.has(key)) return;
      seen.add(key);
      const marker = Buffer.from(`[redacted ${name}]`);
      for (const form of formsOf(value)) {
        const text = form.toString('latin1');
        // A value that two secrets have keeps the name of the first.
        if (!markers.has(text)) markers.set(text, marker);
      }
      index = null;
    },
    text: (text) => redact(Buffer.from(text))?.toString('utf8') ?? text,
    bytes: (bytes) => redact(bytes) ?? Buffer.from(bytes),
    has: (bytes) => markers.size > 0 && hasForm(bytes, indexed()),
    stream,
  };
}

function wholeOf(stream: RedactedStream, bytes: Uint8Array): Buffer {
  return Buffer.concat([stream.push(bytes), stream.end()]);
}

function indexOf(markers: ReadonlyMap<string, Buffer>): Index {
  const sorted = [...markers]
    .map(([text, marker]) => ({ bytes: Buffer.from(text, 'latin1'), marker }))
    .toSorted((one, other) => Buffer.compare(one.bytes, other.bytes));
  const shifts = new Uint8Array(2 ** 16).fill(LEAST_LENGTH - 1);
  const begins = new Uint8Array(2 ** 21);
  const ranges = new Map<number, [number, number]>();
  const forms: Form[] = [];
  let longest = 0;
  for (const [at, { bytes, marker }] of sorted.entries()) {
    forms.push({ bytes, marker, shorter: prefixIn(forms.at(-1) ?? null, bytes, 0) });
    const key = bytes.readUIntBE(0, 3);
    for (let at = 0; at + 2 <= LEAST_LENGTH; at += 1) {
      const pair = bytes.readUInt16BE(at);
      shifts[pair] = Math.min(shifts[pair]!, LEAST_LENGTH - 2 - at);
    }
    begins[key >> 3]! |= 1 << (key & 7);
    ranges.set(key, [ranges.get(key)?.[0] ?? at, at]);
    longest = Math.max(longest, bytes.length);
  }
  return { forms, shifts, begins, ranges, longest };
}

/** Of a form and the shorter ones in it, the longest that stands in `bytes` at a position. */
function prefixIn(form: Form | null, bytes: Buffer, at: number): Form | null {
  for (let one = form; one !== null; one = one.shorter) {
    const end = at + one.bytes.length;
    if (end <= bytes.length && one.bytes.compare(bytes, at, end) === 0) return one;
  }
  return null;
}

/** Returns the longest form at a position; `key` is the number of the three bytes there. */
function formAt(bytes: Buffer, at: number, key: number, { forms, ranges }: Index): Form | null {
  let [low, high] = ranges.get(key) ?? [0, -1];
  // The last form that is not after the bytes: every form that the bytes begin with, it begins with, too.
  while (low <= high) {
    const middle = (low + high) >> 1;
    const form = forms[middle]!.bytes;
    if (form.compare(bytes, at, Math.min(at + form.length, bytes.length)) <= 0) low = middle + 1;
    else high = middle - 1;
  }
  return prefixIn(forms[high] ?? null, bytes, at);
}

/** Whether the bytes from a position on are the beginning of a form that goes on after them. */
function isBeginning(bytes: Buffer, at: number, key: number, { forms, ranges }: Index): boolean {
  let [low, high] = ranges.get(key) ?? [0, -1];
  // The first form after the bytes begins with them, if any longer one does.
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (forms[middle]!.bytes.compare(bytes, at) <= 0) low = middle + 1;
    else high = middle - 1;
  }
  const form = forms[low]?.bytes;
  if (form === undefined || form.length <= bytes.length - at) return false;
  return form.compare(bytes, at, bytes.length, 0, bytes.length - at) === 0;
}

/**
 * Calls `found` for the longest form at each position, until it returns true. Returns the first position at
 * which a form may begin that goes on after the bytes; their end if they are the last.
 */
function search(
  bytes: Buffer,
  isLast: boolean,
  index: Index,
  found: (at: number, form: Form) => boolean,
): number {
  const { shifts, begins, longest } = index;
  // Up to here, no form that begins goes on after the bytes.
  const enough = isLast ? bytes.length : bytes.length - longest + LEAST_LENGTH;
  let end = LEAST_LENGTH;
  while (end <= enough) {
    const shift = shifts[(bytes[end - 2]! << 8) | bytes[end - 1]!]!;
    if (shift > 0) {
      end += shift;
      continue;
    }
    const at = end - LEAST_LENGTH;
    const key = keyAt(bytes, at);
    end += 1;
    if ((begins[key >> 3]! & (1 << (key & 7))) === 0) continue;
    const form = formAt(bytes, at, key, index);
    if (form !== null && found(at, form)) return at;
  }
  return isLast ? bytes.length : searchEnd(bytes, end - LEAST_LENGTH, index, found);
}

/** Searches from a position on, from which a form may go on after the bytes. */
function searchEnd(
  bytes: Buffer,
  from: number,
  index: Index,
  found: (at: number, form: Form) => boolean,
): number {
  const { begins } = index;
  const last = bytes.length - 2;
  for (let at = from; at < last; at += 1) {
    const key = keyAt(bytes, at);
    if ((begins[key >> 3]! & (1 << (key & 7))) === 0) continue;
    if (isBeginning(bytes, at, key, index)) return at;
    const form = formAt(bytes, at, key, index);
    if (form !== null && found(at, form)) return at;
  }
  return Math.max(0, last);
}

/** Returns the number that three bytes are. */
function keyAt(bytes: Buffer, at: number): number {
  return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function hasForm(bytes: Uint8Array, index: Index): boolean {
  let has = false;
  search(asBuffer(bytes), true, index, () => (has = true));
  return has;
}

function streamOf(index: Index): RedactedStream {
  /** What is not searched yet, as a form that begins in it may go on. */
  let rest: Buffer = Buffer.alloc(0);
  /** How much of `rest` has been written, or belongs to a secret. */
  let done = 0;
  let last: Buffer | null = null;
  let hasFound = false;
  const take = (chunk: Uint8Array, isLast: boolean): Buffer => {
    const bytes = Buffer.concat([rest, chunk]);
    const out: Buffer[] = [];
    const to = search(bytes, isLast, index, (at, { bytes: form, marker }) => {
      if (at >= done) {
        out.push(bytes.subarray(done, at));
        last = null;
      }
      hasFound = true;
      // Secrets that overlap have the name of each once.
      if (marker !== last) out.push(marker);
      last = marker;
      done = Math.max(done, at + form.length);
      return false;
    });
    if (to > done) {
      out.push(bytes.subarray(done, to));
      done = to;
    }
    rest = Buffer.from(bytes.subarray(to));
    done -= to;
    return Buffer.concat(out);
  };
  return {
    push: (chunk) => take(chunk, false),
    end: () => take(Buffer.alloc(0), true),
    found: () => hasFound,
  };
}
