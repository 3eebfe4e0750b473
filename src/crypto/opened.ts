/**
 * What becomes of an envelope that is opened: its plaintext, or why it was refused. A refusal is data
 * and names no value, so that it can be counted, printed and kept.
 */

import { isUtf8 } from 'node:buffer';

export type Refusal =
  | 'form' // not written in the form that was expected
  | 'other-key' // names a key that is not there
  | 'not-authentic' // wrong key, changed, cut, or moved here from another row, column or table
  | 'padding' // decrypts to bytes whose padding is wrong: wrong key, or changed
  | 'not-text' // decrypts to bytes that are not UTF-8
  | 'undeclared-form' // an envelope of a form that is not declared for its column
  | 'several-keys'; // opens under more than one key, so none of them is proven

export type Opened = { readonly text: string } | { readonly refused: Refusal };

/** Sentences for reports. */
export const REFUSALS: Readonly<Record<Refusal, string>> = {
  form: 'it does not have the declared form',
  'other-key': 'it names a key that is not in the keyring',
  'not-authentic': 'it does not open: another key, changed, or moved from another place',
  padding: 'it does not open: another key, or changed',
  'not-text': 'its plaintext is not UTF-8',
  'undeclared-form': 'it is an envelope of a form that is not declared for its column',
  'several-keys': 'it opens under more than one key',
};

export function refused(why: Refusal): Opened {
  return { refused: why };
}

/** Decodes a plaintext; a byte order mark at its start belongs to it. */
export function textOf(bytes: Buffer): Opened {
  return isUtf8(bytes) ? { text: bytes.toString('utf8') } : refused('not-text');
}
