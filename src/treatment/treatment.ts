/**
 * Treatments of personal data: which there are, what a treated field declares, and the keys. What becomes
 * of a value is decided by its field and keys alone, so equal inputs give equal bytes. Pure.
 * docs/treatments.md describes the stored forms for a reader without this code.
 */

import { createSecretKey, type KeyObject } from 'node:crypto';

import { derivedKey } from '../crypto/hkdf.ts';
import type { RawJson } from '../record/converted.ts';
import type { KeyValue } from '../record/keyOrder.ts';

export const TREATMENTS = [
  'plain',
  'pseudonymised',
  'hashed',
  'encrypted',
  'masked',
  'generalised',
  'dropped',
] as const;

export type Treatment = (typeof TREATMENTS)[number];

/** What remains of a generalised value. */
export type Coarse =
  | 'year' // of a date, a timestamp or a timestamptz: 1984
  | 'month' // 1984-03
  | 'decade' // 1980s
  | { readonly first: number } // the first n characters (code points), such as 2 of a postcode
  | { readonly step: number }; // the range of a number by its floor: 30-39 of 34.5, -10--1 of -3

/** How many letters and digits of a masked value stay at each end. */
export interface Mask {
  readonly first: number;
  readonly last: number;
}

export interface TreatedField {
  readonly module: string;
  readonly field: string;
  /** Class of personal data, such as `EMAIL`. */
  readonly class: string;
  readonly treatment: Exclude<Treatment, 'plain' | 'dropped'>;
  /** Public name of the project key; of pseudonymised, hashed and encrypted fields. */
  readonly keyId?: string;
  /** Of generalised fields. */
  readonly to?: Coarse;
  /** Of masked fields; by default as the class has it. */
  readonly mask?: Mask;
  /** Countries (ISO 3166) of telephone numbers without country code, the most likely first. */
  readonly regions?: readonly string[];
}

/** A converted value of a record that is not null; a structure as its canonical JSON. */
export type Treatable = string | number | boolean | RawJson;
/** The order key of a record; empty where none is known. */
export type RecordKey = readonly KeyValue[];

/** Keys derived from one project key by HKDF-SHA-256, one for each purpose. */
export interface TreatmentKeys {
  readonly pseudonym: KeyObject;
  readonly hash: KeyObject;
  readonly encryption: KeyObject;
  readonly nonce: KeyObject;
  readonly fingerprint: KeyObject;
}

const MIN_KEY_BYTES = 32;

/** Derives the keys; the project key is copied, not wiped. @throws RangeError if it has fewer than 32 bytes */
export function treatmentKeys(projectKey: Uint8Array): TreatmentKeys {
  if (projectKey.length < MIN_KEY_BYTES) {
    throw new RangeError(`a project key of ${projectKey.length} bytes`);
  }
  const project = createSecretKey(projectKey);
  const derive = (purpose: string): KeyObject =>
    derivedKey(project, `sealift:treatment:1 ${purpose}`);
  return {
    pseudonym: derive('pseudonym'),
    hash: derive('hash'),
    encryption: derive('encryption'),
    nonce: derive('nonce'),
    fingerprint: derive('fingerprint'),
  };
}

const TAGS: Readonly<Partial<Record<Treatment, string>>> = {
  pseudonymised: 'ps',
  hashed: 'hs',
  encrypted: 'en',
};

/** Whether the treatment needs a key. */
export function isKeyed(treatment: Treatment): boolean {
  return TAGS[treatment] !== undefined;
}

/** How the stored values of a keyed field begin: `ps:1:<keyId>:`. */
export function headOf({ treatment, keyId = '' }: TreatedField): string {
  return `${TAGS[treatment] ?? ''}:1:${keyId}:`;
}

const MASKS: ReadonlyMap<string, Mask> = new Map([
  ['PHONE', { first: 0, last: 2 }],
  ['IBAN', { first: 0, last: 4 }],
  ['CREDIT_CARD', { first: 0, last: 4 }],
]);
const FIRST_ONE: Mask = { first: 1, last: 0 };

/** The mask of a field, or that of its class. */
export function maskOf({ mask, class: of }: TreatedField): Mask {
  return mask ?? MASKS.get(of) ?? FIRST_ONE;
}

const KEY_ID = /^[A-Za-z0-9._-]{1,64}$/;
/** RE2 repeats nothing more often. */
const MOST = 1000;

/** What is wrong with the declaration of a field, as a clause; null if it can be treated. */
export function treatedFieldFault(field: TreatedField): string | null {
  const { treatment, keyId, to } = field;
  if (isKeyed(treatment) && !KEY_ID.test(keyId ?? '')) {
    return 'its key id is not 1 to 64 letters, digits, points, hyphens and underscores';
  }
  if (treatment === 'generalised') return coarseFault(to);
  if (treatment !== 'masked') return null;
  const { first, last } = maskOf(field);
  const valid = isCount(first, 0) && isCount(last, 0);
  return valid ? null : `its mask does not keep 0 to ${MOST} characters at each end`;
}

function coarseFault(to: Coarse | undefined): string | null {
  if (to === undefined) return 'it does not say what it is generalised to';
  if (typeof to === 'string') return null;
  if ('first' in to) return isCount(to.first, 1) ? null : `"first" is not 1 to ${MOST}`;
  return Number.isSafeInteger(to.step) && to.step > 0 ? null : '"step" is not a positive integer';
}

function isCount(value: number, least: number): boolean {
  return Number.isInteger(value) && value >= least && value <= MOST;
}

/** @throws TypeError if a field cannot be treated: mappings are checked before */
export function requireTreatable(field: TreatedField): void {
  const fault = treatedFieldFault(field);
  if (fault !== null) throw new TypeError(`a treated field: ${fault}`);
}
