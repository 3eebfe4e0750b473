/**
 * Fingerprints: names of values in reports and acceptances. Without the key, no guess of a value can be
 * tested. Equal values of a class have the same one in every field.
 */

import type { KeyObject } from 'node:crypto';

import { textHmac } from '../crypto/textHmac.ts';
import { normalise } from './normalise.ts';

const HEX_DIGITS = 16;

/** Makes the function for many values: `f:` and 16 hex digits of the HMAC of class, 0x00 and normal value. */
export function fingerprinter(keys: {
  readonly fingerprint: KeyObject;
}): (of: string, value: string, regions?: readonly string[]) => string {
  const mac = textHmac(keys.fingerprint, 'hex');
  return (of, value, regions) =>
    `f:${mac(`${of}\0${normalise(of, value, regions)}`).slice(0, HEX_DIGITS)}`;
}

/** The fingerprint of one value. */
export function fingerprint(
  keys: { readonly fingerprint: KeyObject },
  of: string,
  value: string,
  regions?: readonly string[],
): string {
  return fingerprinter(keys)(of, value, regions);
}
