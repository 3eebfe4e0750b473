/**
 * The completion report of a provider that has computed checksums at rest (the form of S3 Batch
 * Operations, operation "Compute checksum"): CSV without a header, with the columns bucket, key (encoded
 * as in a URL), version, task status, error code, HTTP status, and a message, which is JSON with the
 * algorithm and the checksum in hex or base64.
 */

import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

import { parse } from 'csv-parse';

import { readFailure, systemCode } from '../disk/errors.ts';
import { createTables, openTables } from '../extsort/scratchTables.ts';
import { Failure } from '../outcome/failure.ts';
import type { StoredFile } from './moveFile.ts';

export interface ProviderReport {
  /** Lines with a SHA-256 of a whole object. */
  readonly count: number;
  /** Returns why an object is wrong; null if it is right. @throws Failure OBJECT if the report lacks it */
  faultOf(stored: StoredFile): string | null;
  close(): void;
}

const SCHEMA = 'CREATE TABLE sums (key TEXT PRIMARY KEY, sha256 TEXT) WITHOUT ROWID';

/** Longest line in bytes: a key of 1,024, encoded, and a message. */
const MOST_LINE = 64 * 1024;

/** Two lines of one key that disagree leave null: nothing is known of it then. */
const PUT = `INSERT INTO sums VALUES (?, ?) ON CONFLICT (key) DO UPDATE
  SET sha256 = CASE WHEN sha256 = excluded.sha256 THEN sha256 END`;

/**
 * Reads what a report says of a bucket into scratch on disk; a store without a name of its own in such
 * reports (null) is in none. @throws Failure
 */
export async function readProviderReport(
  file: string,
  bucket: string | null,
  scratch: string,
): Promise<ProviderReport> {
  createTables(scratch, SCHEMA);
  const database = openTables(scratch);
  const put = database.prepare(PUT);
  let count = 0;
  try {
    database.exec('BEGIN');
    await pipeline(
      createReadStream(file),
      parse({ relax_column_count: true, bom: true, max_record_size: MOST_LINE }),
      async (lines) => {
        for await (const line of lines as AsyncIterable<readonly string[]>) {
          const sum = line[0] === bucket ? sumOf(line) : null;
          if (sum === null) continue;
          put.run(sum.key, sum.sha256);
          count += 1;
        }
      },
    );
    database.exec('COMMIT');
  } catch (error) {
    database.close();
    throw failureOf(error, file);
  }
  if (count === 0) {
    database.close();
    throw noReport(file);
  }
  const find = database
    .prepare<[string], string | null>('SELECT sha256 FROM sums WHERE key = ?')
    .pluck();
  return {
    count,
    faultOf({ key, sha256 }) {
      const found = find.get(key);
      if (found === undefined) {
        const hint = 'ask the provider for a report of all objects';
        throw new Failure('OBJECT', { what: 'the report does not have it', hint });
      }
      if (found === null) {
        const what = 'the report has it more than once, with different SHA-256';
        throw new Failure('OBJECT', { what, hint: 'ask the provider for a report of one job' });
      }
      return found === sha256 ? null : 'the object in the store has other bytes';
    },
    close() {
      database.close();
    },
  };
}

function failureOf(error: unknown, file: string): unknown {
  const code = systemCode(error) ?? '';
  if (code === 'ENOENT') {
    const hint = 'check the path after --report';
    return new Failure('USAGE', { what: 'there is no such report', where: file, hint });
  }
  return code.startsWith('E') ? readFailure(error, file) : noReport(file);
}

function noReport(file: string): Failure {
  return new Failure('USAGE', {
    what: 'the report has no SHA-256 of a whole object of this store',
    where: file,
    hint: 'give the CSV of a job "Compute checksum" with SHA-256 and the type "full object"',
  });
}

interface Sum {
  readonly key: string;
  readonly sha256: string;
}

/** Reads a line; null if it is not about a whole object's SHA-256. */
function sumOf([, key = '', , status = '', , , message = '']: readonly string[]): Sum | null {
  if (status.toLowerCase() !== 'succeeded') return null;
  try {
    const said = Object.entries(Object(JSON.parse(message)) as Record<string, unknown>);
    const texts = said.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    const named = (part: RegExp): string[] =>
      texts.filter(([name]) => part.test(name)).map(([, text]) => text);
    if (!named(/algorithm/i).some((text) => /^sha-?256$/i.test(text))) return null;
    const types = named(/type/i);
    if (types.length === 0 || types.some((text) => !/full/i.test(text))) return null;
    const sums = named(/checksum|hex|base64/i).map(hexOf);
    const [sha256, another] = new Set(sums.filter((hex) => hex !== null));
    // Two values of one object that differ are those of two algorithms, or of no object.
    return sha256 === undefined || another !== undefined ? null : { key: decoded(key), sha256 };
  } catch {
    return null;
  }
}

function hexOf(text: string): string | null {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  return /^[A-Za-z0-9+/]{43}=$/.test(text) ? Buffer.from(text, 'base64').toString('hex') : null;
}

/** Decodes a key as in a URL, where a plus is a blank. */
function decoded(key: string): string {
  return decodeURIComponent(key.replaceAll('+', ' '));
}
