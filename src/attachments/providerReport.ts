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

/** Reads a report into scratch on disk. @throws Failure */
export async function readProviderReport(file: string, scratch: string): Promise<ProviderReport> {
  createTables(scratch, SCHEMA);
  const database = openTables(scratch);
  const put = database.prepare('INSERT OR REPLACE INTO sums VALUES (?, ?)');
  let count = 0;
  try {
    database.exec('BEGIN');
    await pipeline(createReadStream(file), parse({ relax_column_count: true }), async (lines) => {
      for await (const line of lines as AsyncIterable<readonly string[]>) {
        const sum = sumOf(line);
        if (sum === null) continue;
        put.run(sum.key, sum.sha256);
        count += 1;
      }
    });
    database.exec('COMMIT');
  } catch (error) {
    database.close();
    throw failureOf(error, file);
  }
  if (count === 0) {
    database.close();
    throw noReport(file);
  }
  const find = database.prepare<[string], string>('SELECT sha256 FROM sums WHERE key = ?').pluck();
  return {
    count,
    faultOf({ key, sha256 }) {
      const found = find.get(key);
      if (found === undefined) {
        const hint = 'ask the provider for a report of all objects';
        throw new Failure('OBJECT', { what: 'the report does not have it', hint });
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
    if (named(/type/i).some((text) => !/full/i.test(text))) return null;
    const sha256 = named(/checksum|hex|base64/i)
      .map(hexOf)
      .find((hex) => hex !== null);
    return sha256 === undefined || sha256 === null ? null : { key: decoded(key), sha256 };
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
