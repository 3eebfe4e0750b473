/**
 * Judges stored forms of treated values: their grammar, and for encrypted ones the proof that they open in
 * their place. Independent of `treat.ts`, which makes them. No message has a value in it.
 */

import { decodeBase64 } from '../crypto/base64.ts';
import { canonicalJson, NotCanonicalError } from '../record/canonical.ts';
import { RawJson } from '../record/converted.ts';
import { JsonSyntaxError, parseJson } from '../record/jsonText.ts';
import { cellCipher } from './cellCipher.ts';
import {
  headOf,
  isKeyed,
  maskOf,
  requireTreatable,
  type Coarse,
  type RecordKey,
  type Treatable,
  type TreatedField,
  type TreatmentKeys,
} from './treatment.ts';

/** Returns what is wrong with a stored value, as a clause without the value; null if it is as it should be. */
export type StoredFault = (stored: unknown, key: RecordKey) => string | null;

const MAC = '[A-Za-z0-9_-]{22}';
/**
 * At least 29 bytes, as 12 and 16 are nonce and tag. One character class without an upper bound is matched
 * without a stack, so that texts of any length are; groups and `{39,}` would throw for long ones.
 */
const SEALED = '[A-Za-z0-9_-]{39}[A-Za-z0-9_-]*';
const INTEGER = '-?(?:0|[1-9][0-9]*)';

/**
 * Returns the stored form as a regular expression of RE2 and ECMAScript (with the flag u): anchored, and
 * without assertions. Null for masked fields. @throws TypeError if the field cannot be treated
 */
export function storedPattern(field: TreatedField): string | null {
  requireTreatable(field);
  switch (field.treatment) {
    case 'pseudonymised':
    case 'hashed':
      return `^${escaped(headOf(field))}${MAC}$`;
    case 'encrypted':
      return `^${escaped(headOf(field))}${SEALED}$`;
    case 'generalised':
      return coarsePattern(field.to);
    default:
      return null;
  }
}

function coarsePattern(to: Coarse | undefined): string {
  if (typeof to === 'object') {
    return 'first' in to ? `^[\\s\\S]{0,${to.first}}$` : `^${INTEGER}-${INTEGER}$`;
  }
  if (to === 'month') return '^[0-9]{4}-(?:0[1-9]|1[0-2])$';
  return to === 'decade' ? '^[0-9]{3}0s$' : '^[0-9]{4}$';
}

/** A key id has letters, digits, hyphens, underscores, and points, which alone mean more. */
function escaped(head: string): string {
  return head.replaceAll('.', String.raw`\.`);
}

/**
 * Makes the function that judges stored values; null of a record is none. Without keys, encrypted values
 * are judged by their grammar alone. @throws TypeError if the field cannot be treated
 */
export function storedFault(field: TreatedField, keys: TreatmentKeys | null): StoredFault {
  const judge = judgeOf(field, keys);
  return (stored, key) => (typeof stored === 'string' ? judge(stored, key) : 'it is not text');
}

type Judge = (stored: string, key: RecordKey) => string | null;

function judgeOf(field: TreatedField, keys: TreatmentKeys | null): Judge {
  const text = storedPattern(field);
  if (text === null) return masked(field);
  const pattern = new RegExp(text, 'u');
  const { treatment, to } = field;
  if (typeof to === 'object' && 'step' in to) return stepJudge(pattern, BigInt(to.step));
  const fault = `it is not in the form of ${NAMES[treatment]}`;
  const keyed = underAnyKey(field);
  const proof = treatment === 'encrypted' ? proofOf(field, keys, fault) : () => null;
  return (stored, key) => {
    if (pattern.test(stored)) return proof(stored, key);
    return keyed(stored) ? 'it names another key' : fault;
  };
}

const NAMES: Readonly<Record<TreatedField['treatment'], string>> = {
  pseudonymised: 'a pseudonym',
  hashed: 'a hash',
  encrypted: 'an encrypted value',
  masked: 'a masked value',
  generalised: 'a generalised value',
};

/** Whether a text has the form under any key id. */
function underAnyKey(field: TreatedField): (stored: string) => boolean {
  if (!isKeyed(field.treatment)) return () => false;
  const tag = headOf({ ...field, keyId: '' }).slice(0, -1);
  const body = field.treatment === 'encrypted' ? SEALED : MAC;
  const pattern = new RegExp(`^${tag}[A-Za-z0-9._-]{1,64}:${body}$`, 'u');
  return (stored) => pattern.test(stored);
}

/** Judges what has the form but for strict base64, and opens it where there are keys. */
function proofOf(field: TreatedField, keys: TreatmentKeys | null, fault: string): Judge {
  const { length } = headOf(field);
  const cipher = keys === null ? null : cellCipher(field, keys);
  return (stored, key) => {
    const sealed = stored.slice(length);
    if (decodeBase64(sealed, 'unpadded') === null) return fault;
    if (cipher === null) return null;
    const json = cipher.open(sealed, key);
    if (json === null) return 'it cannot be decrypted with the key';
    return valueOf(json) === null ? 'what is encrypted is not a value of a record' : null;
  };
}

/** The value of canonical JSON, structures and null as they are written; null for other text. */
function valueOf(json: string): Treatable | null {
  try {
    const value = parseJson(json);
    if (canonicalJson(value) !== json) return null;
    return typeof value === 'object' ? new RawJson(json) : value;
  } catch (error) {
    if (error instanceof JsonSyntaxError || error instanceof NotCanonicalError) return null;
    throw error;
  }
}

function stepJudge(pattern: RegExp, step: bigint): Judge {
  return (stored) => {
    const bounds = pattern.test(stored) ? /^(-?\d{1,1010})-(-?\d{1,1010})$/.exec(stored) : null;
    if (bounds === null) return 'it is not in the form of a range';
    const [from, to] = [BigInt(bounds[1] ?? ''), BigInt(bounds[2] ?? '')];
    const fits = from % step === 0n && to === from + step - 1n;
    return fits ? null : 'it is not a range of its step';
  };
}

const SHOWN = /[\p{L}\p{M}\p{N}]/u;

function masked(field: TreatedField): Judge {
  const { first, last } = maskOf(field);
  return (stored) => {
    const places = Array.from(stored).filter((one) => one === '*' || SHOWN.test(one));
    const few = places.length < 2 * (first + last);
    const hidden = few ? places : places.slice(first, places.length - last);
    return hidden.every((one) => one === '*')
      ? null
      : 'it shows letters or digits that its mask hides';
  };
}

/** Decrypts; returns the value, a structure as its JSON, or null if it does not open in this place. */
export function openStored(
  field: TreatedField,
  keys: TreatmentKeys,
): (stored: string, key: RecordKey) => Treatable | null {
  requireTreatable(field);
  const head = headOf(field);
  const cipher = cellCipher(field, keys);
  return (stored, key) => {
    if (field.treatment !== 'encrypted' || !stored.startsWith(head)) return null;
    const json = cipher.open(stored.slice(head.length), key);
    return json === null ? null : valueOf(json);
  };
}
