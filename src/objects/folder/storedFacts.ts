/** What a folder store knows of an object: a JSON file. Its content is not trusted. */

import { Failure } from '../../outcome/failure.ts';
import type { ObjectFacts } from '../objectStore.ts';

export interface StoredFacts extends ObjectFacts {
  readonly key: string;
}

export function encodeFacts(key: string, { size, sha256, contentType }: ObjectFacts): Buffer {
  return Buffer.from(`${JSON.stringify({ key, size, sha256, contentType })}\n`);
}

/** @throws Failure STORE if the file is not what this store writes */
export function decodeFacts(text: string, path: string): StoredFacts {
  const found = parsed(text);
  const isFacts =
    typeof found === 'object' &&
    found !== null &&
    'key' in found &&
    typeof found.key === 'string' &&
    'size' in found &&
    typeof found.size === 'number' &&
    'sha256' in found &&
    typeof found.sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(found.sha256) &&
    'contentType' in found &&
    (found.contentType === null || typeof found.contentType === 'string');
  if (isFacts) return found as StoredFacts;
  throw new Failure('STORE', {
    what: 'a file of the object store is damaged',
    where: path,
    hint: 'verify the objects; then remove the one that it belongs to, and migrate it again',
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
