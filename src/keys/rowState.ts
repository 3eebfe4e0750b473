/**
 * What a row of a column with secrets holds, by the forms and keys that are declared and nothing else. A
 * value that could be a ciphertext inside of another is unknown: it is never sealed a second time.
 */

import { A1_PREFIX } from '../crypto/a1.ts';
import { classifier, type ColumnForms, type Classified } from '../crypto/classify.ts';
import { REFUSALS } from '../crypto/opened.ts';
import type { RowReference } from '../crypto/rowReference.ts';
import type { EncryptionKey } from '../crypto/encryptionKey.ts';
import type { Row } from '../database/database.ts';
import type { SecretColumn } from '../mapping/keysFile.ts';
import type { KeyOf, OpenColumn } from '../project/openKeys.ts';
import { formOfValue } from './envelopeForm.ts';
import { formerReference, isBindable, referenceOf, textOf, valueOf } from './rowPlace.ts';

export type RowState =
  | { readonly kind: 'null' }
  | { readonly kind: 'empty' }
  /** Under the primary key, or under one that retires. */
  | { readonly kind: 'current' | 'retiring'; readonly kid: string; readonly text: string }
  /** Names the primary key, and was not opened. */
  | { readonly kind: 'sealed' }
  | { readonly kind: 'legacy'; readonly form: string; readonly text: string }
  /** Opens as bound to what the row was called before. */
  | { readonly kind: 'former'; readonly text: string }
  | { readonly kind: 'unknown'; readonly why: string };

export type ReadState = (row: Row, how?: 'shallow') => RowState;

/** Makes the function that tells the state of rows; `shallow` trusts an `a1` that names the primary key. */
export function stateReader(column: OpenColumn, keyOf: KeyOf): ReadState {
  const { declared } = column;
  const primary = keyOf(declared.key);
  const retiring = new Set(declared.retiring.map((name) => keyOf(name).kid));
  const classify = classifier(formsOf(declared, keyOf));
  const ofTarget = [primary, ...declared.retiring.map(keyOf)];
  const former = declared.formerly === null ? null : classifier(a1Only(ofTarget));
  const own = `${A1_PREFIX}${primary.kid}.`;
  const stateOf = (found: Classified): RowState => {
    if (found.kind === 'unknown') return { kind: 'unknown', why: REFUSALS[found.why] };
    if (found.kind === 'null' || found.kind === 'empty') return found;
    if (isNested(found.text)) return { kind: 'unknown', why: NESTED };
    if (found.kind === 'envelope' && found.form === declared.target) {
      const { kid, text } = found;
      if (kid === primary.kid) return { kind: 'current', kid, text };
      if (retiring.has(kid)) return { kind: 'retiring', kid, text };
    }
    return { kind: 'legacy', form: found.form, text: found.text };
  };
  return (row, how) => {
    const text = textOf(valueOf(row));
    if (text === undefined) return { kind: 'unknown', why: 'it is no text' };
    if (how === 'shallow' && text?.startsWith(own) === true) return { kind: 'sealed' };
    const reference = referenceOf(declared.logical, row.key);
    if (text !== null && text !== '' && !isBindable(reference)) {
      return { kind: 'unknown', why: 'the key of its row is empty or not Unicode' };
    }
    if (text?.isWellFormed() === false) return { kind: 'unknown', why: 'it is not Unicode' };
    const found = classify(text, reference);
    if (found.kind !== 'unknown' || former === null || text === null) return stateOf(found);
    return formerState(former(text, formerReference(column, row) ?? reference)) ?? stateOf(found);
  };
}

const NESTED = 'its plaintext has itself the form of a ciphertext';

function isNested(text: string): boolean {
  return formOfValue(text.trim()) !== null;
}

function formerState(found: Classified): RowState | null {
  return found.kind === 'envelope' ? { kind: 'former', text: found.text } : null;
}

function a1Only(keys: readonly EncryptionKey[]): ColumnForms {
  return { legacy: null, envelopes: { a1: keys } };
}

/** The forms of a column: those of before, and the target under its primary and retiring keys. */
function formsOf({ legacy, target, key, retiring }: SecretColumn, keyOf: KeyOf): ColumnForms {
  const envelopes: Partial<Record<'a1' | 'fernet' | 'gcm3' | 'cbc2', EncryptionKey[]>> = {
    [target]: [key, ...retiring].map(keyOf),
  };
  const tokens: EncryptionKey[] = [];
  let bare: ColumnForms['legacy'] = null;
  for (const { form, key: name } of legacy) {
    if (form === 'plain' || form === 'base64') bare = form;
    else if (name !== null && form !== 'token') (envelopes[form] ??= []).push(keyOf(name));
    else if (name !== null) {
      bare = 'fernet';
      tokens.push(keyOf(name));
    }
  }
  return { legacy: bare, envelopes, legacyKeys: tokens };
}

/** What a state of a value says to a reader who counts. */
export function bindingOf(column: OpenColumn, row: Row): RowReference {
  return referenceOf(column.declared.logical, row.key);
}
