/**
 * Makes stored forms of values, as docs/treatments.md has them. Deterministic. `stored.ts` judges them
 * without this file.
 */

import { textHmac, type TextHmac } from '../crypto/textHmac.ts';
import { canonicalJson } from '../record/canonical.ts';
import { RawJson } from '../record/converted.ts';
import { decimalOfDouble } from '../record/decimal.ts';
import { cellCipher } from './cellCipher.ts';
import { generaliser, masker } from './coarse.ts';
import { normalise } from './normalise.ts';
import {
  headOf,
  maskOf,
  requireTreatable,
  type RecordKey,
  type Treatable,
  type TreatedField,
  type TreatmentKeys,
} from './treatment.ts';

/** Gives the stored form; null where the value cannot be treated, such as the year of what is no date. */
export type Treat = (value: Treatable, key: RecordKey) => string | null;

/** 132 of 256 bits. */
const MAC_CHARACTERS = 22;

/**
 * Makes the function that makes the stored form of a field's values. Keys may be null where the treatment
 * needs none. @throws TypeError if the field cannot be treated, or a key is missing
 */
export function treater(field: TreatedField, keys: TreatmentKeys | null): Treat {
  requireTreatable(field);
  const { module, field: name, class: of } = field;
  switch (field.treatment) {
    case 'pseudonymised':
      return keyed(field, textHmac(present(keys).pseudonym, 'base64url'), `${of}\0`);
    case 'hashed': {
      const domain = `${module}\0${name}\0${of}\0`;
      return keyed(field, textHmac(present(keys).hash, 'base64url'), domain);
    }
    case 'encrypted':
      return encrypted(field, present(keys));
    case 'masked':
      return onScalar(masker(maskOf(field)));
    default:
      return onScalar(generaliser(present(field.to)));
  }
}

function present<T>(value: T | null | undefined): T {
  if (value === null || value === undefined)
    throw new TypeError('no key, or no rule, for a treatment');
  return value;
}

function keyed(field: TreatedField, mac: TextHmac, domain: string): Treat {
  const head = headOf(field);
  const { class: of, regions } = field;
  return (value) => {
    const text = value instanceof RawJson ? value.text : scalarText(value);
    if (text === null) return null;
    return head + mac(domain + normalise(of, text, regions)).slice(0, MAC_CHARACTERS);
  };
}

function encrypted(field: TreatedField, keys: TreatmentKeys): Treat {
  const head = headOf(field);
  const cipher = cellCipher(field, keys);
  return (value, key) => {
    if (value instanceof RawJson) return head + cipher.seal(value.text, key);
    return scalarText(value) === null ? null : head + cipher.seal(canonicalJson(value), key);
  };
}

/** Structures and booleans have no part that could stay and no part that says less. */
function onScalar(change: (text: string) => string | null): Treat {
  return (value) => {
    if (typeof value === 'boolean' || value instanceof RawJson) return null;
    const text = scalarText(value);
    return text === null ? null : change(text);
  };
}

/** A number without exponent; null for what no record holds. */
function scalarText(value: string | number | boolean): string | null {
  if (typeof value === 'string') return value.isWellFormed() ? value : null;
  if (typeof value === 'boolean') return String(value);
  return Number.isFinite(value) ? decimalOfDouble(value) : null;
}
