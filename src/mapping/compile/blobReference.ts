/** Reference to the content of a blob field, which is stored once per module under its SHA-256. */

import { hash } from 'node:crypto';

import type { BlobContent } from '../../record/converted.ts';

export interface BlobReference {
  /** Lower-case hex. */
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
  readonly bytes: Uint8Array;
}

export function blobReference(content: BlobContent): BlobReference {
  const { bytes } = content;
  return { sha256: hash('sha256', bytes, 'hex'), size: bytes.length, bytes };
}
