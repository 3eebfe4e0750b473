/** Fields and keys for tests of treatments. */

import * as fc from 'fast-check';

import { canonicalJson } from '../../src/record/canonical.ts';
import { RawJson } from '../../src/record/converted.ts';
import {
  treatmentKeys,
  type RecordKey,
  type Treatable,
  type TreatedField,
  type TreatmentKeys,
} from '../../src/treatment/treatment.ts';

export const KEY_ID = 'mig-2025-1';

/** Keys of a project key of 32 bytes that count up from `first`. */
export function keysFrom(first: number): TreatmentKeys {
  return treatmentKeys(Uint8Array.from({ length: 32 }, (_, index) => first + index));
}

export const KEYS: TreatmentKeys = keysFrom(0);
export const OTHER_KEYS: TreatmentKeys = keysFrom(1);

export function fieldOf(
  treatment: TreatedField['treatment'],
  more: Partial<TreatedField> = {},
): TreatedField {
  const field = { module: 'kunden', field: 'email', class: 'EMAIL', keyId: KEY_ID };
  return { ...field, treatment, ...more };
}

export const someText: fc.Arbitrary<string> = fc.string({ unit: 'grapheme', maxLength: 30 });
export const someClass: fc.Arbitrary<string> = fc.constantFrom('EMAIL', 'IBAN', 'PERSON', 'PLATE');
export const someKey: fc.Arbitrary<RecordKey> = fc.array(
  fc.oneof(someText, fc.maxSafeInteger(), fc.boolean()),
  { maxLength: 3 },
);
const json = fc
  .jsonValue({ maxDepth: 3, noUnicodeString: false })
  .filter((value) => typeof value === 'object')
  .map((value) => new RawJson(canonicalJson(value)));
/** Values of every kind that a record holds. */
export const someValue: fc.Arbitrary<Treatable> = fc.oneof(
  someText,
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value)),
  fc.boolean(),
  json,
);
