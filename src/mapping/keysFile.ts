/**
 * mapping/keys.json: the columns with secrets, the forms of their values, and where keys come from;
 * never a key itself. It is frozen with the mapping, but no part of it: no seal depends on it.
 */

import type { EnvelopeForm } from '../crypto/classify.ts';
import type { NormalStep } from '../crypto/plaintextMac.ts';
import { didYouMean } from '../outcome/nearest.ts';
import { quoteName } from '../outcome/quoteName.ts';
import type { MappingDocument } from './document.ts';
import { faultAt, readSideFile, type SideFileKind } from './sideFile.ts';

export const KEYS_FILE = 'keys.json';

const KIND: SideFileKind = {
  name: KEYS_FILE,
  schema: 'keys',
  none: {
    code: 'USAGE',
    what: 'no columns with secrets are declared',
    hint: 'write the file, see docs/commands/keys.md, or name another folder with --project',
  },
};

/** A form of values from before; `token` is Fernet without prefix. */
export interface LegacyValues {
  readonly form: 'plain' | 'base64' | 'token' | EnvelopeForm;
  /** Name of its key; null for a form without one. */
  readonly key: string | null;
}

/** Names that values are bound to. */
export interface LogicalNames {
  readonly table: string;
  readonly column: string;
}

/** What values were bound to before. */
export interface FormerPlace extends LogicalNames {
  /** Columns that hold what the key of the row was; null if it has not changed. */
  readonly id: readonly string[] | null;
}

export interface SecretColumn {
  readonly table: string;
  readonly id: readonly string[];
  readonly column: string;
  readonly logical: LogicalNames;
  readonly formerly: FormerPlace | null;
  readonly legacy: readonly LegacyValues[];
  readonly target: 'a1' | 'fernet';
  /** Name of the primary key. */
  readonly key: string;
  readonly retiring: readonly string[];
  readonly blindIndex: {
    readonly column: string;
    readonly key: string;
    readonly normalise: readonly NormalStep[];
  } | null;
  readonly optional: boolean;
}

export interface KeysFile {
  /** URL as written. */
  readonly database: string;
  /** Sources as written, by the names of the keys. */
  readonly keys: ReadonlyMap<string, string>;
  /** Name of the key of the log. */
  readonly log: string;
  readonly columns: readonly SecretColumn[];
  /** SHA-256 of the file, lower-case hex. */
  readonly fileSha256: string;
}

interface WrittenColumn {
  readonly table: string;
  readonly id: string | readonly string[];
  readonly column: string;
  readonly logical?: Partial<LogicalNames>;
  readonly formerly?: Partial<LogicalNames> & { readonly id?: string | readonly string[] };
  readonly legacy?: readonly { readonly form: LegacyValues['form']; readonly key?: string }[];
  readonly target: 'a1' | 'fernet';
  readonly key: string;
  readonly retiring?: readonly string[];
  readonly blindIndex?: {
    readonly column: string;
    readonly key: string;
    readonly normalise?: readonly NormalStep[];
  };
  readonly optional?: boolean;
}

interface WrittenFile {
  readonly database: string;
  readonly keys: Readonly<Record<string, { readonly source: string }>>;
  readonly log: string;
  readonly columns: readonly WrittenColumn[];
}

/** Reads and validates the file in `mapping/`. @throws Failure MAPPING; USAGE if there is none */
export async function readKeys(folder: string): Promise<KeysFile> {
  const { document, fileSha256 } = await readSideFile(folder, KIND);
  const written = document.value as WrittenFile;
  const columns = written.columns.map(completeColumn);
  const keys = new Map(Object.entries(written.keys).map(([name, { source }]) => [name, source]));
  assertKeys(document, { keys, log: written.log, columns });
  for (const [index, column] of columns.entries()) {
    assertColumn(document, column, index, columns.slice(0, index));
  }
  return { database: written.database, keys, log: written.log, columns, fileSha256 };
}

function completeColumn(written: WrittenColumn): SecretColumn {
  const { table, column, target, key, retiring = [], optional = false } = written;
  const logical = { table, column, ...written.logical };
  const { formerly, blindIndex } = written;
  return {
    table,
    id: listOf(written.id),
    column,
    logical,
    formerly:
      formerly === undefined
        ? null
        : { ...logical, ...formerly, id: formerly.id === undefined ? null : listOf(formerly.id) },
    legacy: (written.legacy ?? []).map((one) => ({ form: one.form, key: one.key ?? null })),
    target,
    key,
    retiring,
    blindIndex: blindIndex === undefined ? null : { normalise: [], ...blindIndex },
    optional,
  };
}

function listOf(names: string | readonly string[]): readonly string[] {
  return typeof names === 'string' ? [names] : names;
}

/** Asserts that every key that is named is declared, and that the one of the log is of no column. */
function assertKeys(
  document: MappingDocument,
  { keys, log, columns }: Pick<KeysFile, 'keys' | 'log' | 'columns'>,
): void {
  const known = (pointer: string, name: string): void => {
    if (keys.has(name)) return;
    const hint = didYouMean(name, keys.keys(), 'declare it in "keys"');
    throw faultAt(document, pointer, `there is no key ${quoteName(name)}`, hint);
  };
  known('/log', log);
  for (const [index, column] of columns.entries()) {
    const at = `/columns/${index}`;
    for (const [pointer, name] of keysOf(column)) {
      known(at + pointer, name);
      if (name !== log) continue;
      const what = 'the key of the log is the key of a column';
      const hint = 'give the log a key of its own, so that who has one of them has not the other';
      throw faultAt(document, at + pointer, what, hint);
    }
  }
}

/** Lists the keys that a column names, with their places below it. */
function keysOf({ key, retiring, legacy, blindIndex }: SecretColumn): [string, string][] {
  return [
    ['/key', key],
    ...retiring.map((name, at): [string, string] => [`/retiring/${at}`, name]),
    ...legacy.flatMap(({ key: name }, at): [string, string][] =>
      name === null ? [] : [[`/legacy/${at}/key`, name]],
    ),
    ...(blindIndex === null ? [] : [['/blindIndex/key', blindIndex.key] as [string, string]]),
  ];
}

function assertColumn(
  document: MappingDocument,
  column: SecretColumn,
  index: number,
  before: readonly SecretColumn[],
): void {
  const at = `/columns/${index}`;
  const { table, legacy, key, retiring, target, blindIndex } = column;
  const names = [column.column, ...(blindIndex === null ? [] : [blindIndex.column]), ...column.id];
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice !== undefined) {
    const what = `the column ${quoteName(twice)} stands for two things`;
    throw faultAt(document, at, what, 'name another column for one of them');
  }
  const taken = before.filter((other) => other.table === table);
  const own = new Set([column.column, blindIndex?.column ?? column.column]);
  if (taken.some((one) => own.has(one.column) || own.has(one.blindIndex?.column ?? ''))) {
    throw faultAt(document, at, 'the column stands here twice', 'remove it once');
  }
  if (retiring.includes(key)) {
    const what = 'the primary key is listed as retiring';
    throw faultAt(document, `${at}/retiring`, what, 'name the new key in "key"');
  }
  for (const [place, one] of legacy.entries()) {
    assertLegacy(document, `${at}/legacy/${place}`, one, legacy.slice(0, place));
    if (one.form === target && [key, ...retiring].includes(one.key ?? '')) {
      const what = 'the target form is declared as legacy under the same key';
      throw faultAt(document, `${at}/legacy/${place}`, what, 'remove it');
    }
  }
}

const BARE: ReadonlySet<string> = new Set(['plain', 'base64', 'token']);

function assertLegacy(
  document: MappingDocument,
  pointer: string,
  { form, key }: LegacyValues,
  before: readonly LegacyValues[],
): void {
  const needsKey = form !== 'plain' && form !== 'base64';
  if (needsKey && key === null) {
    throw faultAt(document, pointer, `the form ${form} needs a key`, 'add "key"');
  }
  if (!needsKey && key !== null) {
    throw faultAt(document, `${pointer}/key`, `the form ${form} has no key`, 'remove "key"');
  }
  const other = before.find((one) => BARE.has(one.form) && one.form !== form);
  if (BARE.has(form) && other !== undefined) {
    const what = `values without prefix cannot be both ${other.form} and ${form}`;
    throw faultAt(document, pointer, what, 'declare one of them, as nothing tells the two apart');
  }
}
