/**
 * Canonical JSON: RFC 8785 (JCS). Equal values have equal texts. Nothing is dropped, rounded or
 * replaced: a value that JSON cannot represent exactly is refused.
 *
 * The text comes from fast-json-stable-stringify, which conforms to JCS for the accepted values:
 * keys ascend by UTF-16 code units, numbers and strings are written as ECMAScript writes them.
 */

import stringify from 'fast-json-stable-stringify';
import { MAX_DEPTH } from './jsonText.ts';
import { InexactNumber } from './value.ts';

export type NotCanonicalReason =
  | 'a number that a double would change'
  | 'a number that is not finite'
  | 'text that is not well-formed Unicode'
  | 'nested too deep'
  | 'not a JSON value';

/** Error for a value without a canonical form. The message names the defect, never the value. */
export class NotCanonicalError extends Error {
  readonly reason: NotCanonicalReason;

  constructor(reason: NotCanonicalReason) {
    super(`no canonical JSON: ${reason}`);
    this.name = 'NotCanonicalError';
    this.reason = reason;
  }
}

/**
 * Returns the canonical text of a JsonValue, or of a plain JavaScript value: null, booleans,
 * numbers, strings, arrays and objects without a class; Maps with string keys count as objects.
 * Negative zero is written `0` (RFC 8785 §3.2.2.3); a caller that must keep it has to check first.
 * @throws NotCanonicalError on any other value, including `undefined` members and holes
 */
export function canonicalJson(value: unknown): string {
  return stringify(holdsMap(value, 0) ? withoutMaps(value) : value);
}

/** Refuses a value without a canonical form; returns whether the value contains a Map. */
function holdsMap(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed()) {
        throw new NotCanonicalError('text that is not well-formed Unicode');
      }
      return false;
    case 'number':
      if (!Number.isFinite(value)) throw new NotCanonicalError('a number that is not finite');
      return false;
    case 'boolean':
      return false;
    case 'object':
      return value === null ? false : objectHoldsMap(value, depth + 1);
    default:
      throw new NotCanonicalError('not a JSON value');
  }
}

function objectHoldsMap(value: object, depth: number): boolean {
  // Also ends a cycle.
  if (depth > MAX_DEPTH) throw new NotCanonicalError('nested too deep');
  let found = false;
  if (Array.isArray(value)) {
    // By index, so that a hole is read as `undefined`.
    for (let i = 0; i < value.length; i += 1) found = holdsMap(value[i], depth) || found;
    return found;
  }
  if (value instanceof Map) {
    for (const [key, member] of value) {
      if (typeof key !== 'string') throw new NotCanonicalError('not a JSON value');
      holdsMap(key, depth);
      holdsMap(member, depth);
    }
    return true;
  }
  if (value instanceof InexactNumber) {
    throw new NotCanonicalError('a number that a double would change');
  }
  if (!isPlain(value)) throw new NotCanonicalError('not a JSON value');
  for (const [key, member] of Object.entries(value)) {
    holdsMap(key, depth);
    found = holdsMap(member, depth) || found;
  }
  return found;
}

/** Whether an object has no class, and no `toJSON`, which the serialiser would call. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  const hook: unknown = (value as { toJSON?: unknown }).toJSON;
  return (prototype === null || prototype === Object.prototype) && typeof hook !== 'function';
}

/** Turns Maps into objects without prototype, in which `__proto__` is an ordinary key. */
function withoutMaps(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutMaps);
  const members = value instanceof Map ? value.entries() : Object.entries(value);
  const object = Object.create(null) as Record<string, unknown>;
  for (const [key, member] of members) object[key as string] = withoutMaps(member);
  return object;
}
