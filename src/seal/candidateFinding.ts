/** Findings on the files of a candidate. */

import type { Finding } from '../outcome/finding.ts';
import { jsonFile } from './format.ts';

/** Makes a finding on a file of the candidate; all of them are BLOCKERs. */
export function fileFinding(rule: string, file: string, reason: string): Finding {
  return { rule, severity: 'BLOCKER', file, reason };
}

/** Makes the finding on a file whose bytes are not the sealed ones. */
export function changed(path: string): Finding {
  return fileFinding('checksum', path, 'the bytes are not those that were sealed');
}

/** Parses a JSON file; null if its bytes are not canonical JSON. */
export function parseCanonical(bytes: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return Buffer.from(jsonFile(value)).equals(bytes) ? value : null;
  } catch {
    return null;
  }
}
