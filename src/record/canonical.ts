/**
 * Canonical JSON: RFC 8785 (JCS). Equal values have equal texts, and nothing is dropped, rounded or
 * replaced on the way: what JSON cannot hold exactly is refused, not written as something else.
 *
 * The text itself comes from fast-json-stable-stringify, which is JCS on the values let through
 * here: keys ascend by UTF-16 code units, numbers and strings are written as ECMAScript writes them.
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

/** The value has no canonical form. The message names the kind of defect, never the value. */
export class NotCanonicalError extends Error {
  readonly reason: NotCanonicalReason;

  constructor(reason: NotCanonicalReason) {
    super(`no canonical JSON: ${reason}`);
    this.name = 'NotCanonicalError';
    this.reason = reason;
  }
}

/**
 * The canonical text of a JsonValue, or of a plain JavaScript value: null, booleans, numbers,
 * strings, arrays and objects without a class; Maps with string keys count as objects. Negative
 * zero is written `0`, as RFC 8785 §3.2.2.3 has it: who must keep it has to look before.
 * @throws NotCanonicalError on anything else, `undefined` members and holes included
 */
export function canonicalJson(value: unknown): string {
  return stringify(holdsMap(value, 0) ? withoutMaps(value) : value);
}

/** Refuses what has no canonical form; true when there is a Map anywhere in the value. */
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
  // A cycle ends here, too.
  if (depth > MAX_DEPTH) throw new NotCanonicalError('nested too deep');
  let found = false;
  if (Array.isArray(value)) {
    // By index, so that a hole is seen as the `undefined` that it is.
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

/** An object without a class and without `toJSON`, which the serialiser would call. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  const hook: unknown = (value as { toJSON?: unknown }).toJSON;
  return (prototype === null || prototype === Object.prototype) && typeof hook !== 'function';
}

/** Maps as objects without prototype, in which `__proto__` is a key like any other. */
function withoutMaps(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutMaps);
  const members = value instanceof Map ? value.entries() : Object.entries(value);
  const object = Object.create(null) as Record<string, unknown>;
  for (const [key, member] of members) object[key as string] = withoutMaps(member);
  return object;
}
