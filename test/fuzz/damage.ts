/**
 * Damages a copy of a SQLite database in one place, rarely in two. Finds the places by reading the file
 * format itself (https://www.sqlite.org/fileformat2.html), as nothing here may rely on what is tested.
 */

type Roll = (limit: number) => number;

export interface Kind {
  readonly name: string;
  /** Of a hundred copies. */
  readonly share: number;
  readonly damage: (bytes: Buffer, roll: Roll) => void;
}

const INTERIOR_INDEX = 2;
const INTERIOR_TABLE = 5;
const LEAF_INDEX = 10;
const LEAF_TABLE = 13;

interface Page {
  readonly number: number;
  /** Where its header is. */
  readonly at: number;
  readonly type: number;
  readonly cells: readonly number[];
}

interface Layout {
  readonly size: number;
  readonly pages: number;
  readonly trees: readonly Page[];
}

function layoutOf(bytes: Buffer): Layout {
  const size = bytes.readUInt16BE(16) === 1 ? 65_536 : bytes.readUInt16BE(16);
  const pages = Math.floor(bytes.length / size);
  const trees: Page[] = [];
  for (let number = 1; number <= pages; number += 1) {
    const start = (number - 1) * size;
    const at = number === 1 ? 100 : start;
    const type = bytes[at] ?? 0;
    if (![INTERIOR_INDEX, INTERIOR_TABLE, LEAF_INDEX, LEAF_TABLE].includes(type)) continue;
    const head = type <= INTERIOR_TABLE ? 12 : 8;
    const count = bytes.readUInt16BE(at + 3);
    if (at + head + 2 * count > start + size) continue;
    const cells = Array.from({ length: count }, (_, index) => {
      return start + bytes.readUInt16BE(at + head + 2 * index);
    });
    if (cells.some((cell) => cell < at || cell >= start + size)) continue;
    trees.push({ number, at, type, cells });
  }
  return { size, pages, trees };
}

/** A number that is near, extreme, or any. */
function other(value: number, width: number, roll: Roll): number {
  const limit = 2 ** (8 * width);
  const choices = [
    value + 1,
    value - 1,
    value * 2,
    Math.floor(value / 2),
    0,
    1,
    limit - 1,
    limit / 2,
    roll(limit),
    value ^ (1 << roll(8 * width - (width === 4 ? 1 : 0))),
  ];
  const chosen = choices[roll(choices.length)] ?? 0;
  return ((chosen % limit) + limit) % limit;
}

function put(bytes: Buffer, at: number, width: number, value: number): void {
  if (at + width <= bytes.length) bytes.writeUIntBE(value, at, width);
}

function change(bytes: Buffer, at: number, width: number, roll: Roll): void {
  if (at + width > bytes.length) return;
  put(bytes, at, width, other(bytes.readUIntBE(at, width), width, roll));
}

function pick<T>(list: readonly T[], roll: Roll): T | undefined {
  return list[roll(Math.max(1, list.length))];
}

/** A page of a tree; only one in eight of the schema's own. */
function pageOf(bytes: Buffer, roll: Roll): Page | undefined {
  const { trees } = layoutOf(bytes);
  const others = trees.filter(({ number }) => number !== 1);
  return roll(8) === 0 ? trees[0] : pick(others, roll);
}

/** Where a cell's parts begin: its payload (null for none), and how long that is said to be. */
function payloadOf(
  bytes: Buffer,
  page: Page,
  cell: number,
): { readonly at: number; readonly length: number } | null {
  if (page.type === INTERIOR_TABLE) return null;
  const [length, after] = varint(bytes, page.type === INTERIOR_INDEX ? cell + 4 : cell);
  return { at: page.type === LEAF_TABLE ? varint(bytes, after)[1] : after, length };
}

function varint(bytes: Buffer, at: number): [value: number, next: number] {
  let value = 0;
  for (let index = 0; index < 8; index += 1) {
    const byte = bytes[at + index] ?? 0;
    value = value * 128 + (byte & 127);
    if (byte < 128) return [value, at + index + 1];
  }
  return [value * 256 + (bytes[at + 8] ?? 0), at + 9];
}

function pageHeader(bytes: Buffer, roll: Roll): void {
  const page = pageOf(bytes, roll);
  if (page === undefined) return;
  const inner = page.type <= INTERIOR_TABLE;
  // Type, first free block, number of cells, where they begin, fragments, right child.
  const fields = [[0, 1], [1, 2], [3, 2], [5, 2], [7, 1], ...(inner ? [[8, 4]] : [])] as const;
  const [offset = 3, width = 2] = pick(fields, roll) ?? [];
  if (offset === 8) return pointTo(bytes, page.at + 8, roll);
  if (offset !== 0) return change(bytes, page.at + offset, width, roll);
  bytes[page.at] = [2, 5, 10, 13, 0, roll(256)][roll(6)] ?? 0;
}

/** Leads a pointer to a page to another one of the file, mostly. */
function pointTo(bytes: Buffer, at: number, roll: Roll): void {
  const { pages } = layoutOf(bytes);
  if (roll(4) === 0) change(bytes, at, 4, roll);
  else put(bytes, at, 4, 1 + roll(pages));
}

function cellPointers(bytes: Buffer, roll: Roll): void {
  const page = pageOf(bytes, roll);
  if (page === undefined || page.cells.length === 0) return;
  const inner = page.type <= INTERIOR_TABLE;
  const array = page.at + (inner ? 12 : 8);
  const [one, two] = [roll(page.cells.length), roll(page.cells.length)];
  const cell = page.cells[one] ?? 0;
  const way = roll(inner ? 5 : 4);
  if (way === 0) change(bytes, array + 2 * one, 2, roll);
  else if (way === 1) bytes.copyWithin(array + 2 * one, array + 2 * two, array + 2 * two + 2);
  else if (way === 2) {
    // Two cells change places.
    const kept = bytes.readUInt16BE(array + 2 * one);
    bytes.copyWithin(array + 2 * one, array + 2 * two, array + 2 * two + 2);
    bytes.writeUInt16BE(kept, array + 2 * two);
  } else if (way === 3) {
    // The key of a table's cell, which says in what order it is.
    const key = page.type === INTERIOR_TABLE ? cell + 4 : varint(bytes, cell)[1];
    change(bytes, key + roll(2), 1, roll);
  } else pointTo(bytes, cell, roll);
}

function recordHeader(bytes: Buffer, roll: Roll): void {
  const page = pageOf(bytes, roll);
  const cell = page === undefined ? undefined : pick(page.cells, roll);
  const payload = page && cell !== undefined ? payloadOf(bytes, page, cell) : null;
  if (payload === null || cell === undefined) return;
  const [header] = varint(bytes, payload.at);
  // The length of the payload, of the header, or the kind of a value.
  const way = roll(6);
  if (way === 0) change(bytes, cell, 1, roll);
  else if (way === 1) change(bytes, payload.at, 1, roll);
  else change(bytes, payload.at + 1 + roll(Math.max(1, Math.min(header, 12) - 1)), 1, roll);
}

function overflowChain(bytes: Buffer, roll: Roll): void {
  const { size, pages, trees } = layoutOf(bytes);
  const links: number[] = [];
  for (const page of trees) {
    for (const cell of page.cells) {
      const payload = payloadOf(bytes, page, cell);
      if (payload === null || payload.length <= localMost(page, size)) continue;
      const link = payload.at + localOf(payload.length, page, size);
      for (let at = link, steps = 0; at + 4 <= bytes.length && steps < 20; steps += 1) {
        links.push(at);
        const next = bytes.readUInt32BE(at);
        if (next < 2 || next > pages) break;
        at = (next - 1) * size;
      }
    }
  }
  const link = pick(links, roll);
  // Where there is no chain, a chain of free pages will do.
  if (link === undefined) change(bytes, 32 + 4 * roll(2), 4, roll);
  else pointTo(bytes, link, roll);
}

function localMost({ type }: Page, size: number): number {
  return type === LEAF_TABLE ? size - 35 : Math.floor(((size - 12) * 64) / 255) - 23;
}

/** How much of a payload is in its own page. */
function localOf(length: number, page: Page, size: number): number {
  const least = Math.floor(((size - 12) * 32) / 255) - 23;
  const kept = least + ((length - least) % (size - 4));
  return kept <= localMost(page, size) ? kept : least;
}

function payloads(bytes: Buffer, roll: Roll): void {
  const page = pageOf(bytes, roll);
  const cell = page === undefined ? undefined : pick(page.cells, roll);
  const payload = page && cell !== undefined ? payloadOf(bytes, page, cell) : null;
  if (payload === null) return;
  const [header] = varint(bytes, payload.at);
  const at = payload.at + header + roll(Math.max(1, Math.min(payload.length, 400) - header));
  change(bytes, at, 1, roll);
}

/** The file's own header, whole pages, stretches of anything, and ends that are missing. */
function elsewhere(bytes: Buffer, roll: Roll): void {
  const { size, pages } = layoutOf(bytes);
  const way = roll(5);
  if (way === 0) change(bytes, 18 + roll(82), 1, roll);
  else if (way === 1) {
    const [from, to] = [roll(pages), roll(pages)];
    bytes.copyWithin(to * size, from * size, (from + 1) * size);
  } else if (way === 2) {
    const start = roll(pages) * size;
    bytes.fill(0, start + (start === 0 ? 100 : 0), start + size);
  } else if (way === 3) {
    const start = 100 + roll(Math.max(1, bytes.length - 100));
    for (let at = start; at < start + 8 && at < bytes.length; at += 1) bytes[at] = roll(256);
  } else change(bytes, 100 + roll(bytes.length - 100), 1, roll);
}

export const KINDS: readonly Kind[] = [
  { name: 'page headers', share: 20, damage: pageHeader },
  { name: 'cell pointers', share: 20, damage: cellPointers },
  { name: 'record headers', share: 20, damage: recordHeader },
  { name: 'overflow chains', share: 15, damage: overflowChain },
  { name: 'payload', share: 15, damage: payloads },
  { name: 'anywhere', share: 10, damage: elsewhere },
];

/** The kind whose turn it is, in the stated shares whatever the seed: number 0 to 99, and again. */
export function kindOf(number: number): Kind {
  // 37 has no divisor in common with 100: kinds come mixed.
  let rest = (number * 37) % 100;
  for (const kind of KINDS) {
    if (rest < kind.share) return kind;
    rest -= kind.share;
  }
  throw new Error('the shares are less than a hundred');
}

/** A damaged copy; one in six is damaged twice, one in fifty is cut short. */
export function damaged(sound: Buffer, kind: Kind, roll: Roll): Buffer {
  const bytes = Buffer.from(sound);
  kind.damage(bytes, roll);
  if (roll(6) === 0) kind.damage(bytes, roll);
  return roll(50) === 0 ? bytes.subarray(0, roll(bytes.length)) : bytes;
}
