/** Keys that every store takes, and the parts that an object of some size has. Pure. */

import { Failure } from '../outcome/failure.ts';
import { quoteName } from '../outcome/quoteName.ts';

/** Bytes of a key in UTF-8, as S3 has it. */
export const LONGEST_KEY = 1024;

/** Objects of at most so many bytes are put at once; a part of a larger one has as many or more. */
export const PART_BYTES: number = 16 * 2 ** 20;
/** Parts of an object, as S3 has it. */
const MOST_PARTS = 10_000;

// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001F\u007F]/;

/**
 * Refuses a key that a store could lose, change or take for another one.
 * @throws Failure OBJECT
 */
export function assertKey(key: string, longest: number = LONGEST_KEY): void {
  const fault = faultOf(key, longest);
  if (fault === null) return;
  throw new Failure('OBJECT', {
    what: `the key of the object ${fault}`,
    where: quoteName(key),
    hint: 'give the object another key',
  });
}

function faultOf(key: string, longest: number): string | null {
  if (key === '') return 'is empty';
  if (!key.isWellFormed()) return 'is not valid Unicode';
  const bytes = Buffer.byteLength(key);
  if (bytes > longest) return `has ${bytes} bytes, and the store takes ${longest}`;
  if (CONTROL.test(key)) return 'has a control character';
  const names = key.split('/');
  if (names.includes('')) return 'has an empty name between slashes';
  if (names.includes('.') || names.includes('..')) return 'has . or .. between slashes';
  return null;
}

/** Where each part of an object begins and ends. */
export interface PartPlan {
  /** Bytes of each part but the last. */
  readonly partSize: number;
  readonly parts: number;
  /** Bytes of a part, counted from 1. */
  sizeOf(part: number): number;
}

/** Divides an object: the same size always has the same parts, so that any process can go on. */
export function partPlan(size: number, smallest: number = PART_BYTES): PartPlan {
  const scaled = Math.ceil(size / MOST_PARTS / smallest) * smallest;
  const partSize = Math.max(smallest, scaled);
  const parts = Math.max(1, Math.ceil(size / partSize));
  return {
    partSize,
    parts,
    sizeOf: (part) => Math.min(partSize, size - (part - 1) * partSize),
  };
}

/** Refuses bytes that cannot be a part. @throws Failure OBJECT */
export function assertPart(plan: PartPlan, key: string, part: number, bytes: Uint8Array): void {
  const isPart = Number.isInteger(part) && part >= 1 && part <= plan.parts;
  if (isPart && bytes.length === plan.sizeOf(part)) return;
  throw new Failure('OBJECT', {
    what: `part ${part} of ${plan.parts} has ${bytes.length} bytes, which the size of the object does not give`,
    where: quoteName(key),
    hint: 'the file has changed while it was read; run again',
  });
}

/** Refuses bytes whose digest is not what is stated. @throws Failure OBJECT */
export function assertDigest(key: string, found: string, stated: string): void {
  if (found === stated) return;
  throw new Failure('OBJECT', {
    what: 'the bytes do not have the SHA-256 that was computed before',
    where: quoteName(key),
    hint: 'the file has changed while it was read; run again',
  });
}

/** Orders keys by their bytes in UTF-8, as listings have them. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
