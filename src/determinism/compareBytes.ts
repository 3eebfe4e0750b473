/**
 * Compares two candidates that should be identical: the bytes and the mode of every file. If a file
 * of records differs, the findings name the first record that does, and its fields.
 */

import { closeSync, constants, lstatSync, readSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { openNoLinks } from '../disk/noLinks.ts';
import type { Finding } from '../outcome/finding.ts';
import { memberOf, readRecords, type ReadRecord } from '../seal/candidateReader.ts';
import { listCandidate, readPlainFile } from '../seal/files.ts';
import { byUtf8, DATA_FILE, LINEAGE_FILE, MERKLE_FILE, type MerkleFile } from '../seal/format.ts';

const CHUNK = 1024 * 1024;
const MERKLE_LIMIT = 512 * CHUNK;
const PERMISSIONS = 0o777;
const RULE = { rule: 'determinism', severity: 'BLOCKER' } as const;

export interface Comparison {
  readonly files: number;
  readonly bytes: number;
  /** One finding for each file that differs, or for each field of a record; ascending by path. */
  readonly findings: readonly Finding[];
}

/** Compares all files of two candidate folders, in bounded memory. */
export async function compareBytes(first: string, second: string): Promise<Comparison> {
  const [left, right] = [allFiles(first), allFiles(second)];
  const findings: Finding[] = [];
  let bytes = 0;
  const names = [...new Set([...left, ...right])].sort(byUtf8);
  for (const file of names) {
    if (!left.has(file) || !right.has(file)) {
      findings.push({ ...RULE, file, reason: 'only one of the two runs wrote this file' });
      continue;
    }
    const [a, b] = [join(first, file), join(second, file)];
    bytes += lstatSync(a).size;
    if (modeOf(a) !== modeOf(b)) {
      findings.push({
        ...RULE,
        file,
        reason: 'the permissions of this file differ between the two runs',
      });
    }
    if (!sameBytes(a, b)) findings.push(...(await explain(file, a, b)));
  }
  return { files: names.length, bytes, findings };
}

function allFiles(folder: string): ReadonlySet<string> {
  const { files, unexpected } = listCandidate(folder);
  return new Set([...files, ...unexpected]);
}

function modeOf(path: string): number {
  return lstatSync(path).mode & PERMISSIONS;
}

function sameBytes(first: string, second: string): boolean {
  const [a, b] = [openPlain(first), openPlain(second)];
  try {
    const left = Buffer.allocUnsafe(CHUNK);
    const right = Buffer.allocUnsafe(CHUNK);
    for (;;) {
      const read = readFully(a, left);
      if (read !== readFully(b, right)) return false;
      if (left.compare(right, 0, read, 0, read) !== 0) return false;
      if (read < CHUNK) return true;
    }
  } finally {
    closeSync(a);
    closeSync(b);
  }
}

function openPlain(path: string): number {
  return openNoLinks(path, constants.O_RDONLY);
}

function readFully(file: number, buffer: Buffer): number {
  let done = 0;
  while (done < buffer.length) {
    const read = readSync(file, buffer, done, buffer.length - done, null);
    if (read === 0) break;
    done += read;
  }
  return done;
}

/** Describes the difference in a file: for records, the fields of the first one that differs. */
async function explain(file: string, first: string, second: string): Promise<Finding[]> {
  const plain: Finding = { ...RULE, file, reason: 'the two runs wrote different bytes' };
  if (basename(file) !== DATA_FILE && basename(file) !== LINEAGE_FILE) return [plain];
  const module = dirname(file);
  const orderBy = basename(file) === DATA_FILE ? orderFields(dirname(first)) : ['id'];
  const difference = await firstDifference(first, second, orderBy);
  if (difference === null) return [plain];
  const { line, fields, recordId } = difference;
  const where = { ...RULE, module, file, ...(recordId === null ? {} : { recordId }) };
  if (fields.length === 0) {
    return [{ ...where, reason: `from line ${line} on, the two runs have different records` }];
  }
  const reason = `in line ${line} the two runs wrote different values`;
  return fields.map((field) => Object.assign({}, where, { field, reason }));
}

interface Difference {
  /** 1-based line. */
  readonly line: number;
  /** Members in which the two records of that line differ; empty if one is missing. */
  readonly fields: readonly string[];
  /** Id made by Sealift; null for a legacy key, which may be personal data. */
  readonly recordId: string | null;
}

async function firstDifference(
  first: string,
  second: string,
  orderBy: readonly string[],
): Promise<Difference | null> {
  const [left, right] = [recordsOf(first), recordsOf(second)];
  for (let line = 1; ; line += 1) {
    const [a, b] = [await left.next(), await right.next()];
    if (a.done === true && b.done === true) return null;
    if (a.done === true || b.done === true) return { line, fields: [], recordId: null };
    if (JSON.stringify(a.value) === JSON.stringify(b.value)) continue;
    return describe(line, a.value, b.value, orderBy);
  }
}

async function* recordsOf(path: string): AsyncGenerator<ReadRecord | null> {
  for await (const { records } of readRecords(path)) yield* records;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function describe(
  line: number,
  a: ReadRecord | null,
  b: ReadRecord | null,
  orderBy: readonly string[],
): Difference {
  if (a === null || b === null) return { line, fields: [], recordId: null };
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort(byUtf8);
  const fields = names.filter((name) => textOf(a, name) !== textOf(b, name));
  // The keys differ, so these are different records.
  if (fields.some((field) => orderBy.includes(field))) return { line, fields: [], recordId: null };
  const [only] = orderBy;
  const id = only === undefined || orderBy.length > 1 ? null : memberOf(a, only);
  return { line, fields, recordId: typeof id === 'string' && UUID.test(id) ? id : null };
}

/** Reads the fields that order a module's records from its tree. */
function orderFields(folder: string): readonly string[] {
  const bytes = readPlainFile(join(folder, MERKLE_FILE), MERKLE_LIMIT);
  if (bytes === null) return [];
  const { order } = JSON.parse(bytes.toString('utf8')) as MerkleFile;
  return order.fields;
}

function textOf(record: ReadRecord, name: string): string {
  return JSON.stringify([Object.hasOwn(record, name), memberOf(record, name)]);
}
