/**
 * Files of a migration: read, digested, and refused if they cannot run as one transaction; and what the
 * ledger says of each of them. Reads files, and changes nothing.
 */

import { hash } from 'node:crypto';
import { basename } from 'node:path';

import { counted } from '../../outcome/counted.ts';
import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { refusedInTransaction, statementsOf, type StatementDialect } from '../../sql/statements.ts';
import { requiredText } from '../steps/stepMembers.ts';
import type { Members } from '../steps/stepType.ts';
import type { RunbookFiles } from '../world/world.ts';
import type { LedgerRow } from './migrationLedger.ts';
import { bytesOf, sqlText } from './runbookSql.ts';

export interface MigrationFile {
  /** Name without folders, which the ledger has: a folder may be moved. */
  readonly name: string;
  readonly text: string;
  /** Lower-case hex, of the bytes of the file. */
  readonly sha256: string;
  /** How it runs outside of a transaction; null in one. */
  readonly outside: Outside | null;
}

export interface Outside {
  /** A query that returns true once the effect is whole; null if a person has to tell. */
  readonly probe: string | null;
}

/** Reads the files of a step, ascending by the bytes of their names. @throws Failure USAGE */
export function readMigration(members: Members, files: RunbookFiles): readonly MigrationFile[] {
  const pattern = requiredText(members, 'files');
  const outside = outsideOf(members);
  const found = files.matching(pattern).map((path): MigrationFile => {
    const bytes = bytesOf(path, files);
    const name = basename(path);
    const sha256 = hash('sha256', bytes, 'hex');
    return { name, text: sqlText(path, bytes), sha256, outside: outside.get(name) ?? null };
  });
  if (found.length === 0)
    throw wrong('no file matches', pattern, 'check the pattern and the folder');
  for (const name of outside.keys()) {
    if (found.some((file) => file.name === name)) continue;
    throw wrong(
      'a file that is to run outside is none of the migration',
      name,
      `correct "outside"`,
    );
  }
  return found.toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
}

function outsideOf(members: Members): ReadonlyMap<string, Outside> {
  const stated = members['outside'] ?? [];
  const entries = Array.isArray(stated)
    ? (stated as string[]).map((name): [string, string | null] => [name, null])
    : Object.entries(stated as Record<string, string>);
  return new Map(entries.map(([path, probe]) => [basename(path), { probe }]));
}

function wrong(what: string, where: string, hint: string): Failure {
  return new Failure('USAGE', { what, where, hint });
}

/** Why a file cannot run, as a clause that names it and the line; null if all can. */
export function refusalIn(
  files: readonly MigrationFile[],
  dialect: StatementDialect,
): string | null {
  for (const { name, text, outside } of files) {
    const statements = statementsOf(text, dialect);
    if (statements.length === 0) return `${quoteName(name)} has no statement`;
    for (const statement of statements) {
      const refused =
        outside === null || statement.hasBackslash
          ? refusedInTransaction(statement, dialect)
          : null;
      if (refused !== null) return `${quoteName(name)}, line ${statement.line}: ${refused}`;
    }
  }
  return null;
}

export interface Standing {
  /** Files that are not finished, in order; those that were begun outside of a transaction count. */
  readonly open: readonly MigrationFile[];
  /** Names of files that were begun outside of a transaction, and not finished. */
  readonly begun: ReadonlySet<string>;
  /** Why the files do not fit the ledger, as a clause; null if they do. */
  readonly misfit: string | null;
  /** Names that the ledger has and the folder has not. */
  readonly missing: readonly string[];
}

/** Compares the files with the ledger. */
export function standingOf(
  files: readonly MigrationFile[],
  ledger: ReadonlyMap<string, LedgerRow>,
  pattern: string,
): Standing {
  const names = new Set(files.map(({ name }) => name));
  const form = formOf(basename(pattern));
  const missing = [...ledger.keys()].filter((name) => form.test(name) && !names.has(name));
  const open = files.filter(({ name }) => ledger.get(name)?.isFinished !== true);
  const begun = new Set(open.flatMap(({ name }) => (ledger.has(name) ? [name] : [])));
  return { open, begun, misfit: misfitOf(files, ledger), missing };
}

function misfitOf(
  files: readonly MigrationFile[],
  ledger: ReadonlyMap<string, LedgerRow>,
): string | null {
  const edited = files.find(({ name, sha256 }) => (ledger.get(name)?.sha256 ?? sha256) !== sha256);
  if (edited !== undefined) return `${quoteName(edited.name)} was edited after it was applied`;
  const last = files.findLastIndex(({ name }) => ledger.get(name)?.isFinished === true);
  const late = files.slice(0, Math.max(0, last)).find(({ name }) => !ledger.has(name));
  if (late === undefined) return null;
  const after = quoteName(files[last]?.name ?? '');
  return `${quoteName(late.name)} comes before ${after}, which is applied already`;
}

/** The pattern of `files`: a `*` is any text without a slash. */
function formOf(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^/]*')}$`, 'su');
}

/** What is missing, as the end of a sentence; '' for nothing. */
export function missingText(missing: readonly string[]): string {
  if (missing.length === 0) return '';
  const names = missing.slice(0, 3).map(quoteName).join(', ');
  const more = missing.length > 3 ? ', …' : '';
  const are = missing.length === 1 ? 'is' : 'are';
  return `; ${counted(missing.length, 'applied file')} ${are} missing: ${names}${more}`;
}
