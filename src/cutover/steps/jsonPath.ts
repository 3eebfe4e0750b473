/**
 * Values of JSON by a path: `status`, `checks.db.ok`, `items[0].id`, `$['a b'].c`, a part of RFC 9535 that
 * selects one value. Pure.
 */

const PART = /\.?([^.[\]'"$]+)|\[(\d{1,9})\]|\['([^']*)'\]|\["([^"]*)"\]/y;

/** Parses a path as names and positions; null if it is none. */
export function parsePath(path: string): readonly (string | number)[] | null {
  const parts: (string | number)[] = [];
  const from = path.startsWith('$') ? 1 : 0;
  for (PART.lastIndex = from; PART.lastIndex < path.length;) {
    const match = PART.exec(path);
    if (match === null) return null;
    const [, name, position, single, double] = match;
    parts.push(position === undefined ? (name ?? single ?? double ?? '') : Number(position));
  }
  return parts;
}

/** Returns the value at a path; undefined if there is none. */
export function valueAt(json: unknown, path: string): unknown {
  let value: unknown = json;
  for (const part of parsePath(path) ?? ['']) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part))
      return undefined;
    value = (value as Readonly<Record<string | number, unknown>>)[part];
  }
  return value;
}

/** Returns what is not as expected, by path, as clauses: `ok is missing`, `ok is not true`. */
export function unexpected(
  json: unknown,
  expected: ReadonlyMap<string, string | number | boolean>,
): readonly string[] {
  return [...expected].flatMap(([path, value]) => {
    const seen = valueAt(json, path);
    if (seen === undefined) return [`${path} is missing`];
    return seen === value ? [] : [`${path} is not ${JSON.stringify(value)}`];
  });
}
