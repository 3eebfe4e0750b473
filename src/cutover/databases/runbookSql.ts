/** SQL that a runbook gives: a query as it stands, or a file of its folder. */

import { isUtf8 } from 'node:buffer';

import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { statementsOf, type StatementDialect } from '../../sql/statements.ts';
import type { RunbookFiles } from '../world/world.ts';

/** Bytes of a file of SQL. */
export const MOST_SQL: number = 16 * 1024 * 1024;

const FILE = /^[^\s;()'"]+\.sql$/i;

/** Returns the file that a query is, as a list; an empty one where it stands in the runbook itself. */
export function sqlFileIn(query: string): readonly string[] {
  return FILE.test(query) ? [query] : [];
}

/** Returns the text of a query, without the semicolon at its end. @throws Failure USAGE if it is not one statement */
export function queryText(query: string, files: RunbookFiles, dialect: StatementDialect): string {
  const isFile = FILE.test(query);
  const text = isFile ? sqlText(query, bytesOf(query, files)) : query;
  const [first, ...others] = statementsOf(text, dialect);
  const where = isFile ? `file ${quoteName(query)}` : 'the query';
  if (first === undefined || others.length > 0) {
    const what = first === undefined ? 'it has no query' : 'it has more than one statement';
    throw new Failure('USAGE', { what, where, hint: 'write one query' });
  }
  return first.text;
}

/** Reads a file. @throws Failure USAGE if there is none */
export function bytesOf(path: string, files: RunbookFiles): Buffer {
  const bytes = files.read(path, MOST_SQL);
  if (bytes !== null) return bytes;
  throw new Failure('USAGE', {
    what: 'there is no such file',
    where: path,
    hint: 'check its path, which begins at the folder of the runbook',
  });
}

/** @throws Failure USAGE if the bytes are no text that a database takes */
export function sqlText(path: string, bytes: Buffer): string {
  if (isUtf8(bytes) && !bytes.includes(0)) return bytes.toString('utf8').replace(/^\uFEFF/, '');
  throw new Failure('USAGE', {
    what: 'the file is not a text in UTF-8',
    where: path,
    hint: 'store it as UTF-8',
  });
}
