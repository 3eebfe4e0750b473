/**
 * Verifies a column by its own reading: every value opens under exactly one key, its HMAC is that of the
 * log where it is as Sealift wrote it, and its blind index fits. It shares the ciphers with what writes,
 * and no list and no step.
 */

import { a1, a1KeyId } from '../crypto/a1.ts';
import { ENVELOPE_PREFIX } from '../crypto/classify.ts';
import type { EncryptionKey } from '../crypto/encryptionKey.ts';
import { fernet } from '../crypto/fernet.ts';
import { REFUSALS, type Opened } from '../crypto/opened.ts';
import { blindIndex } from '../crypto/plaintextMac.ts';
import type { RowReference } from '../crypto/rowReference.ts';
import type { Cell, Database, ListedTable, Row } from '../database/database.ts';
import type { SecretColumn } from '../mapping/keysFile.ts';
import type { Rule } from '../outcome/rules.ts';
import type { KeyOf, OpenColumn } from '../project/openKeys.ts';
import { ahead } from './ahead.ts';
import type { DigestTable } from './digestTable.ts';
import { formOfValue } from './envelopeForm.ts';
import { ciphertextDigest, type LogCipher } from './logLine.ts';
import { isBindable, referenceOf, textOf } from './rowPlace.ts';

export interface VerifyWork {
  readonly database: Database;
  readonly listed: ListedTable;
  readonly column: OpenColumn;
  readonly keyOf: KeyOf;
  readonly log: LogCipher;
  /** Plaintext HMACs by the HMAC of what was written. */
  readonly logged: DigestTable;
  /** What every value has to begin with; null for no demand. */
  readonly expect: string | null;
  readonly stopping: AbortSignal;
  readonly onFound: (key: Row['key'], rule: Rule, reason: string, field: string) => void;
  readonly onRows: (rows: number) => void;
}

export interface VerifyCounts {
  readonly rows: number;
  readonly null: number;
  readonly empty: number;
  /** Values that open, by the name of their key. */
  readonly opened: Readonly<Record<string, number>>;
  /** Of these, values as Sealift wrote them, whose HMAC is that of the log. */
  readonly asLogged: number;
  readonly indexed: number;
  readonly bad: number;
}

type Counting = { -readonly [Name in keyof VerifyCounts]: VerifyCounts[Name] } & {
  opened: Record<string, number>;
};

interface Found {
  readonly rule: Rule;
  readonly reason: string;
  readonly field?: string;
}

/** Reads all rows of a column. */
export async function verifyColumn(work: VerifyWork): Promise<VerifyCounts> {
  const { declared, indexFacts } = work.column;
  const counts: Counting = {
    rows: 0,
    null: 0,
    empty: 0,
    opened: {},
    asLogged: 0,
    indexed: 0,
    bad: 0,
  };
  const judge = judgeOf(work);
  const names = [
    ...declared.id,
    declared.column,
    ...(indexFacts === null ? [] : [indexFacts.name]),
  ];
  for await (const rows of ahead(work.database.scan(work.listed, names))) {
    if (work.stopping.aborted) break;
    for (const { cells } of rows) {
      counts.rows += 1;
      const key = cells.slice(0, declared.id.length);
      const [value = null, index = null] = cells.slice(declared.id.length);
      const found = judge(key, value, index, counts);
      if (found === null) continue;
      counts.bad += 1;
      work.onFound(key, found.rule, found.reason, found.field ?? declared.column);
    }
    work.onRows(counts.rows);
  }
  return counts;
}

type Judge = (key: Row['key'], value: Cell, index: Cell, counts: Counting) => Found | null;

function judgeOf({ column, keyOf, log, logged, expect }: VerifyWork): Judge {
  const { declared, indexFacts } = column;
  const { blindIndex: indexed, logical } = declared;
  const open = openerOf(declared, keyOf);
  const index =
    indexed === null
      ? null
      : blindIndex(keyOf(indexed.key), { ...logical, normalise: indexed.normalise });
  return (key, cell, indexCell, counts) => {
    const value = textOf(cell);
    if (value === undefined) return { rule: 'key-unknown', reason: 'it is no text' };
    if (value === null || value === '') {
      counts[value === null ? 'null' : 'empty'] += 1;
      return null;
    }
    if (expect !== null && !value.startsWith(expect)) {
      return { rule: 'key-legacy', reason: 'it does not begin with the expected prefix' };
    }
    if (!value.startsWith(ENVELOPE_PREFIX)) {
      return { rule: 'key-legacy', reason: 'it is not in the form that the column is to have' };
    }
    const reference = referenceOf(logical, key);
    if (!isBindable(reference)) {
      return { rule: 'key-unknown', reason: 'the key of its row is empty or not Unicode' };
    }
    const opened = open(value, reference);
    if ('refused' in opened) return { rule: 'key-unknown', reason: REFUSALS[opened.refused] };
    if (formOfValue(opened.text.trim()) !== null) {
      return { rule: 'key-unknown', reason: 'its plaintext has itself the form of a ciphertext' };
    }
    counts.opened[opened.name] = (counts.opened[opened.name] ?? 0) + 1;
    const known = logged.compare(
      ciphertextDigest(reference, cell),
      log.mac(reference, opened.text),
    );
    if (known === 'other') {
      const reason = 'its plaintext is not the one that the log has for it';
      return { rule: 'key-log', reason };
    }
    if (known === 'same') counts.asLogged += 1;
    if (index === null || indexFacts === null) return null;
    if (index(opened.text) !== indexCell) {
      const reason = 'the blind index is not that of the value beside it';
      return { rule: 'key-index', reason, field: indexFacts.name };
    }
    counts.indexed += 1;
    return null;
  };
}

type OpenOne = (
  value: string,
  reference: RowReference,
) => { readonly name: string; readonly text: string } | Extract<Opened, { refused: unknown }>;

/** Opens under the primary key and those that retire; a value that two of them open is refused. */
function openerOf({ target, key, retiring }: SecretColumn, keyOf: KeyOf): OpenOne {
  const keys = [key, ...retiring].map(keyOf);
  if (target === 'a1') return openA1(keys);
  const ciphers = keys.map((one) => ({ name: one.name, cipher: fernet(one) }));
  return (value) => {
    const token = value.slice(ENVELOPE_PREFIX.length);
    const tried = ciphers.map(({ name, cipher }) => ({ name, opened: cipher.open(token) }));
    const open = tried.flatMap(({ name, opened }) =>
      'text' in opened ? [{ name, text: opened.text }] : [],
    );
    const [one, two] = open;
    if (two !== undefined) return { refused: 'several-keys' };
    if (one !== undefined) return one;
    const first = tried[0]?.opened;
    return first !== undefined && 'refused' in first ? first : { refused: 'form' };
  };
}

function openA1(keys: readonly EncryptionKey[]): OpenOne {
  const ciphers = new Map(keys.map((key) => [key.kid, { name: key.name, cipher: a1(key) }]));
  return (value, reference) => {
    const kid = a1KeyId(value);
    if (kid === null) return { refused: 'form' };
    const found = ciphers.get(kid);
    if (found === undefined) return { refused: 'other-key' };
    const opened = found.cipher.open(reference, value);
    return 'text' in opened ? { name: found.name, text: opened.text } : opened;
  };
}
