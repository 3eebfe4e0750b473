/**
 * What a value of a column is, by the forms that are declared for the column and nothing else. A
 * prefix proves nothing: a value that begins with `enc:v1:` is an envelope if it opens, and unknown
 * if it does not; it is never taken for a legacy value.
 */

import { a1 } from './a1.ts';
import { openCbc2 } from './cbc2.ts';
import type { EncryptionKey } from './encryptionKey.ts';
import { fernet } from './fernet.ts';
import { openGcm3 } from './gcm3.ts';
import { openBase64, openPlain } from './legacyText.ts';
import type { Opened, Refusal } from './opened.ts';
import type { RowReference } from './rowReference.ts';

export const ENVELOPE_PREFIX = 'enc:v1:';

const FORMS = ['a1', 'fernet', 'gcm3', 'cbc2'] as const;
export type EnvelopeForm = (typeof FORMS)[number];
/** `fernet` is a token without prefix. */
export type LegacyForm = 'plain' | 'base64' | 'fernet';

/** What may stand in a column, and under which keys. */
export interface ColumnForms {
  /** Form of values without the prefix; null if there are to be none. */
  readonly legacy: LegacyForm | null;
  /** Forms of values with the prefix; each under keys of its own, of which one opens a value. */
  readonly envelopes: Readonly<Partial<Record<EnvelopeForm, readonly EncryptionKey[]>>>;
  /** Keys of Fernet tokens without prefix, where `legacy` declares these. */
  readonly legacyKeys?: readonly EncryptionKey[];
}

export type Classified =
  | { readonly kind: 'null' }
  | { readonly kind: 'empty' }
  | {
      readonly kind: 'legacy';
      readonly form: LegacyForm;
      /** Null if its form has no key. */
      readonly kid: string | null;
      readonly text: string;
    }
  | {
      readonly kind: 'envelope';
      readonly form: EnvelopeForm;
      readonly kid: string;
      readonly text: string;
    }
  | { readonly kind: 'unknown'; readonly why: Refusal };

/** Opens a text under one key. */
interface Opener {
  readonly kid: string;
  readonly open: (text: string, row: RowReference) => Opened;
}

export type Classify = (value: string | null, row: RowReference) => Classified;

/** Makes the function that classifies values of a column. */
export function classifier({ legacy, envelopes, legacyKeys = [] }: ColumnForms): Classify {
  const openers = new Map(
    FORMS.flatMap((form) => {
      const keys = envelopes[form];
      return keys === undefined ? [] : [[form, openersOf(form, keys)] as const];
    }),
  );
  const bare = openersOf('fernet', legacyKeys);
  return (value, row) => {
    if (value === null) return { kind: 'null' };
    if (value === '') return { kind: 'empty' };
    if (value.startsWith(ENVELOPE_PREFIX)) return classifyEnvelope(value, row, openers);
    if (legacy === null) return { kind: 'unknown', why: 'form' };
    const opened = legacy === 'fernet' ? openWith(bare, value, row) : openUnkeyed(legacy, value);
    if ('refused' in opened) return { kind: 'unknown', why: opened.refused };
    return { kind: 'legacy', form: legacy, kid: opened.kid, text: opened.text };
  };
}

function classifyEnvelope(
  value: string,
  row: RowReference,
  openers: ReadonlyMap<EnvelopeForm, readonly Opener[]>,
): Classified {
  const form = formOf(value);
  if (form === null) return { kind: 'unknown', why: 'form' };
  const ofForm = openers.get(form);
  if (ofForm === undefined) return { kind: 'unknown', why: 'undeclared-form' };
  const opened = openWith(ofForm, value.slice(ENVELOPE_PREFIX.length), row);
  if ('refused' in opened) return { kind: 'unknown', why: opened.refused };
  return { kind: 'envelope', form, kid: opened.kid, text: opened.text };
}

/** Forms differ by characters that the others cannot have, so each is one form at most. */
function formOf(value: string): EnvelopeForm | null {
  if (value.startsWith('a1.', ENVELOPE_PREFIX.length)) return 'a1';
  const one = value.indexOf(':', ENVELOPE_PREFIX.length);
  if (one < 0) return 'fernet';
  const two = value.indexOf(':', one + 1);
  if (two < 0) return 'cbc2';
  return value.includes(':', two + 1) ? null : 'gcm3';
}

function openersOf(form: EnvelopeForm, keys: readonly EncryptionKey[]): readonly Opener[] {
  return keys.map((key) => {
    if (form === 'gcm3') return { kid: key.kid, open: (text) => openGcm3(key, text) };
    if (form === 'cbc2') return { kid: key.kid, open: (text) => openCbc2(key, text) };
    if (form === 'fernet') return fernet(key);
    const cipher = a1(key);
    return { kid: key.kid, open: (text, row) => cipher.open(row, ENVELOPE_PREFIX + text) };
  });
}

type OpenedUnder<Kid> =
  | { readonly kid: Kid; readonly text: string }
  | { readonly refused: Refusal };

/**
 * Tries every key, as not every form tells which one it needs, and not every form would notice that
 * two of them open it.
 */
function openWith(
  openers: readonly Opener[],
  text: string,
  row: RowReference,
): OpenedUnder<string> {
  let why: Refusal = 'other-key';
  let found: OpenedUnder<string> | null = null;
  for (const { kid, open } of openers) {
    const opened = open(text, row);
    if ('text' in opened) {
      if (found !== null) return { refused: 'several-keys' };
      found = { kid, text: opened.text };
    } else if (opened.refused !== 'other-key' && (why === 'other-key' || why === 'not-authentic')) {
      // Says the most of what went wrong: a token with a valid MAC and a wrong padding is another case.
      why = opened.refused;
    }
  }
  return found ?? { refused: why };
}

function openUnkeyed(form: 'plain' | 'base64', value: string): OpenedUnder<null> {
  const opened = form === 'plain' ? openPlain(value) : openBase64(value);
  return 'text' in opened ? { kid: null, text: opened.text } : opened;
}
