/**
 * Decodes what `COPY … TO STDOUT` sends (text format) into pages of cells. Bytes are copied once, and no
 * text is made of any. See https://www.postgresql.org/docs/current/sql-copy.html, "Text Format".
 */

import { CELL, type CellPage } from '../cellPage.ts';
import type { LinePage } from '../linePage.ts';
import { arrayJson } from './arrayJson.ts';
import type { CellForm } from './cellForm.ts';

/** At most as many rows as the contract allows in a page, and about as many bytes. */
export const PAGE_ROWS = 4096;
const PAGE_BYTES = 2 ** 20;

const [TAB, LF, BACKSLASH, CAPITAL_N] = [0x09, 0x0a, 0x5c, 0x4e];

/** What an escape stands for, by the character after the backslash; any other is itself. */
const ESCAPES: ReadonlyMap<number, number> = new Map([
  [0x62, 8], // b
  [0x66, 12], // f
  [0x6e, 10], // n
  [0x72, 13], // r
  [0x74, 9], // t
  [0x76, 11], // v
]);

export interface CopyShape {
  readonly forms: readonly CellForm[];
  /** Whether a ctid follows the cells; else rows are located by their ordinals. */
  readonly located: boolean;
}

/** Yields pages of the rows in a stream of chunks, which end anywhere. */
export async function* copyPages(
  chunks: AsyncIterable<Uint8Array>,
  { forms, located }: CopyShape,
): AsyncGenerator<CellPage, void, undefined> {
  const page = new PageBuilder(forms, located);
  for await (const lines of wholeLines(chunks)) {
    for (let at = 0; at < lines.length;) {
      const end = lines.indexOf(LF, at);
      page.add(lines, at, end);
      at = end + 1;
      if (page.isFull()) yield page.take();
    }
  }
  if (!page.isEmpty()) yield page.take();
}

/** Yields pages of the rows in a stream of chunks as they are; a page is valid until the next one. */
export async function* copyLines(
  chunks: AsyncIterable<Uint8Array>,
  { forms, located }: CopyShape,
): AsyncGenerator<LinePage, void, undefined> {
  // Few lines have to be decoded, so that in most tables none is.
  let page: PageBuilder | null = null;
  const kinds = forms.map(({ kind }) => kind);
  let ordinal = 0;
  for await (const bytes of wholeLines(chunks)) {
    yield {
      bytes,
      forms: kinds,
      locator: (start, end) => (located ? Number(locatorIn(bytes, start, end)) : (ordinal += 1)),
      decode(start, end) {
        page ??= new PageBuilder(forms, located);
        page.add(bytes, start, end);
        const row = page.take();
        return located ? row : { ...row, locators: BigInt64Array.of(BigInt((ordinal += 1))) };
      },
    };
  }
}

/** Yields the lines of a stream of chunks, which end anywhere, as soon as they are whole; valid until the next ones. */
async function* wholeLines(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer, void, undefined> {
  // Parts of a row whose end is yet to come, put together once, as a cell may be of many chunks. They are
  // copies: a chunk belongs to the driver, which may write into it again, and slice() of a Buffer shares it.
  let rest: Uint8Array[] = [];
  let kept = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const last = chunk.lastIndexOf(LF);
    if (last < 0) {
      rest.push(new Uint8Array(chunk));
      continue;
    }
    const parts = [...rest, chunk.subarray(0, last + 1)];
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    // One copy after the other in the same memory: it would be megabytes of garbage, waiting for its collector.
    if (kept.length < length) kept = Buffer.allocUnsafeSlow(2 * length);
    let at = 0;
    for (const part of parts) {
      kept.set(part, at);
      at += part.length;
    }
    yield kept.subarray(0, length);
    rest = last + 1 === chunk.length ? [] : [new Uint8Array(chunk.subarray(last + 1))];
  }
  if (rest.length > 0) throw new TypeError('COPY ended within a row');
}

class PageBuilder {
  readonly #forms: readonly CellForm[];
  readonly #located: boolean;
  #rows = 0;
  #ordinal = 0n;
  #length = 0;
  #cells = 0;
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(PAGE_BYTES);
  #ends: Uint32Array<ArrayBuffer>;
  #kinds: Uint8Array<ArrayBuffer>;
  #locators: BigInt64Array<ArrayBuffer> = new BigInt64Array(PAGE_ROWS);

  constructor(forms: readonly CellForm[], located: boolean) {
    this.#forms = forms;
    this.#located = located;
    this.#ends = new Uint32Array(PAGE_ROWS * forms.length);
    this.#kinds = new Uint8Array(PAGE_ROWS * forms.length);
  }

  isEmpty(): boolean {
    return this.#rows === 0;
  }

  isFull(): boolean {
    return this.#rows === PAGE_ROWS || this.#length >= PAGE_BYTES;
  }

  /** Adds the row in `from` … `end`, without its line end. */
  add(from: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start);
    let at = start;
    for (const form of this.#forms) at = this.#cell(from, at, end, form) + 1;
    this.#locators[this.#rows] = this.#located ? locatorIn(from, at, end) : (this.#ordinal += 1n);
    this.#rows += 1;
  }

  /** Returns the page and begins the next one. */
  take(): CellPage {
    const page = {
      rows: this.#rows,
      columns: this.#forms.length,
      bytes: this.#bytes.slice(0, this.#length),
      ends: this.#ends.slice(0, this.#cells),
      kinds: this.#kinds.slice(0, this.#cells),
      locators: this.#locators.slice(0, this.#rows),
    };
    [this.#rows, this.#length, this.#cells] = [0, 0, 0];
    return page;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#length + more, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }

  /** Copies a cell, without its escapes; returns where it ends in `from`. */
  #cell(from: Uint8Array, start: number, end: number, form: CellForm): number {
    const begin = this.#length;
    if (isNull(from, start, end)) {
      this.#finish(CELL.null);
      return start + 2;
    }
    const into = this.#bytes;
    let [at, length] = [start, begin];
    for (; at < end; at += 1) {
      let byte = from[at] ?? 0;
      if (byte === TAB) break;
      if (byte === BACKSLASH) {
        at += 1;
        byte = from[at] ?? 0;
        byte = ESCAPES.get(byte) ?? byte;
      }
      into[length] = byte;
      length += 1;
    }
    this.#length = length;
    this.#convert(begin, form);
    return at;
  }

  /** Turns the text since `begin` into what the form of its column says. */
  #convert(begin: number, form: CellForm): void {
    switch (form.kind) {
      case 'text':
        return this.#finish(CELL.text);
      case 'integer':
        return this.#finish(CELL.integer);
      case 'double':
        return this.#finish(CELL.double);
      case 'boolean': {
        const isTrue = this.#bytes[begin] === 0x74;
        this.#length = begin;
        return this.#finish(isTrue ? CELL.true : CELL.false);
      }
      case 'bytes': {
        // `\x`, then two digits a byte; so the bytes fit in place.
        const digits = Buffer.from(this.#bytes.subarray(begin + 2, this.#length)).toString(
          'latin1',
        );
        const decoded = Buffer.from(digits, 'hex');
        this.#bytes.set(decoded, begin);
        this.#length = begin + decoded.length;
        return this.#finish(CELL.bytes);
      }
      case 'array':
        return this.#array(begin, form);
    }
  }

  #array(begin: number, form: CellForm & { readonly kind: 'array' }): void {
    const literal = Buffer.from(this.#bytes.subarray(begin, this.#length)).toString('utf8');
    const json = arrayJson(literal, form);
    if (json === null) return this.#finish(CELL.text);
    const encoded = Buffer.from(json);
    this.#length = begin;
    this.#reserve(encoded.length);
    this.#bytes.set(encoded, begin);
    this.#length = begin + encoded.length;
    return this.#finish(CELL.json);
  }

  #finish(kind: number): void {
    this.#ends[this.#cells] = this.#length;
    this.#kinds[this.#cells] = kind;
    this.#cells += 1;
  }
}

function isNull(from: Uint8Array, start: number, end: number): boolean {
  if (from[start] !== BACKSLASH || from[start + 1] !== CAPITAL_N) return false;
  return start + 2 === end || from[start + 2] === TAB;
}

/** Rows of a page of PostgreSQL are counted in 16 bits. */
const SLOTS = 2 ** 16;

/** Reads `(page,slot)`. */
function locatorIn(from: Uint8Array, start: number, end: number): bigint {
  let [page, slot, at] = [0, 0, start + 1];
  for (; from[at] !== 0x2c && at < end; at += 1) page = page * 10 + (from[at] ?? 0) - 0x30;
  for (at += 1; from[at] !== 0x29 && at < end; at += 1) slot = slot * 10 + (from[at] ?? 0) - 0x30;
  return BigInt(page * SLOTS + slot);
}

/** Returns the page of a row. */
export function pageOf(locator: bigint): bigint {
  return locator / BigInt(SLOTS);
}

/** Reads a ctid, or an ordinal. */
export function locatorOfText(text: string): number | string {
  const [, page, slot] = /^\((\d+),(\d+)\)$/.exec(text) ?? [];
  return page === undefined ? Number(text) : Number(page) * SLOTS + Number(slot);
}

/** Formats a locator as PostgreSQL writes a ctid. */
export function showCtid(locator: number | string): string {
  const value = Number(locator);
  return `(${Math.floor(value / SLOTS)},${value % SLOTS})`;
}
