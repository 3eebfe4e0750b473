/** Findings on the files of a candidate. */

import type { Finding } from '../outcome/finding.ts';
import { jsonFile } from './format.ts';

/** A finding on a file of the candidate; all of them are BLOCKERs. */
export function fileFinding(rule: string, file: string, reason: string): Finding {
  return { rule, severity: 'BLOCKER', file, reason };
}

/** The finding of a file whose bytes are not those that were sealed. */
export function changed(path: string): Finding {
  return fileFinding('checksum', path, 'the bytes are not those that were sealed');
}

/** The value of a canonical JSON file, or null where its bytes are not canonical. */
export function parseCanonical(bytes: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return Buffer.from(jsonFile(value)).equals(bytes) ? value : null;
  } catch {
    return null;
  }
}
