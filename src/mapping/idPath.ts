/**
 * Places of ids inside a JSON value: JSON pointers (RFC 6901) in which the token `*` means each
 * element of an array, or each member of an object. A path that matches nothing in a value has no
 * ids there.
 */

import type { JsonValue } from '../record/value.ts';
import { isReference, type FieldMapping, type OnMissing } from './model.ts';

/** The tokens of a path; null for every scalar at any depth. */
export type IdPath = readonly string[] | null;

/** Ids of one module's records inside a field. */
export interface NestedReference {
  readonly module: string;
  /** The path as written in the mapping; null if every scalar is an id. */
  readonly text: string | null;
  readonly path: IdPath;
  readonly onMissing: OnMissing;
}

/**
 * Lists the references inside a field's value, in their order; none if the field is a reference
 * itself.
 */
export function nestedReferences(field: FieldMapping): NestedReference[] {
  if (isReference(field) || field.references === undefined) return [];
  const { references, onMissing = 'block' } = field;
  if (typeof references === 'string') {
    return [{ module: references, text: null, path: null, onMissing }];
  }
  return references.map(({ path, module }) => ({
    module,
    text: path,
    path: tokensOf(path),
    onMissing,
  }));
}

/** Splits a JSON pointer into its tokens. */
function tokensOf(path: string): string[] {
  const [, ...tokens] = path.split('/');
  return tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Whether both paths may match the same value. */
export function pathsMeet(a: IdPath, b: IdPath): boolean {
  if (a === null || b === null) return true;
  const same = (token: string, at: number): boolean =>
    token === '*' || b[at] === '*' || token === b[at];
  return a.length === b.length && a.every(same);
}

/** Yields the values that a path matches in a value of `JSON.parse`, including null. */
export function* valuesAt(value: unknown, path: IdPath, depth = 0): Generator {
  if (path === null) {
    if (typeof value !== 'object' || value === null) yield value;
    else for (const inner of Object.values(value)) yield* valuesAt(inner, path);
    return;
  }
  const token = path[depth];
  if (token === undefined) yield value;
  else if (typeof value === 'object' && value !== null) {
    const isEach = token === '*';
    if (!isEach && !Object.hasOwn(value, token)) return;
    if (!isEach && Array.isArray(value) && !INDEX.test(token)) return;
    const inner: unknown[] = isEach ? Object.values(value) : [Reflect.get(value, token)];
    for (const one of inner) yield* valuesAt(one, path, depth + 1);
  }
}

const INDEX = /^(0|[1-9]\d*)$/;

/**
 * Whether a path stops short somewhere in a value: at a scalar, at an array where it names a
 * member, or at an object where it counts elements. There may be ids there that it does not match.
 * A member that is absent, null or empty has none.
 */
export function isOffPath(value: unknown, path: IdPath, depth = 0): boolean {
  const token = path?.[depth];
  if (token === undefined || value === null) return false;
  if (typeof value !== 'object') return true;
  if (token === '*') {
    const inner: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
    return inner.some((one) => isOffPath(one, path, depth + 1));
  }
  if (Array.isArray(value) && !INDEX.test(token)) return value.length > 0;
  if (Object.hasOwn(value, token)) return isOffPath(Reflect.get(value, token), path, depth + 1);
  if (Array.isArray(value) || !INDEX.test(token)) return false;
  // An object with numbers as its only names may be intended, and has no such member.
  return Object.keys(value).some((name) => !INDEX.test(name));
}

/**
 * Returns the value with the values at the path changed. Unchanged parts are shared with the
 * original.
 */
export function changedAt(
  value: JsonValue,
  path: IdPath,
  change: (end: JsonValue) => JsonValue,
  depth = 0,
): JsonValue {
  const within = (token: string, inner: JsonValue): JsonValue => {
    const isMeant = path === null || path[depth] === '*' || path[depth] === token;
    return isMeant ? changedAt(inner, path, change, depth + 1) : inner;
  };
  if (path !== null && depth === path.length) return change(value);
  if (isArray(value)) return value.map((inner, index) => within(String(index), inner));
  if (value instanceof Map) {
    const members = value as ReadonlyMap<string, JsonValue>;
    return new Map([...members].map(([name, inner]) => [name, within(name, inner)]));
  }
  return path === null ? change(value) : value;
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
