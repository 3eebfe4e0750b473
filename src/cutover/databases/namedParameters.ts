/**
 * Names in a query that stand for values, such as `:since`: each becomes a parameter, so that no value is ever a
 * part of the text. Names in quotes, in comments and after `::` are none. Pure.
 */

import type { SqlDialect } from '../world/world.ts';

/** A query with its parameters, in the order of their places. */
export interface Parametrised {
  readonly sql: string;
  readonly parameters: readonly string[];
  /** Names that were found. */
  readonly found: ReadonlySet<string>;
}

const QUOTED = [
  String.raw`'(?:[^']|'')*'`,
  String.raw`"(?:[^"]|"")*"`,
  String.raw`--[^\n]*`,
  String.raw`\/\*[^]*?\*\/`,
  String.raw`\$(\w*)\$[^]*?\$\1\$`,
  '::',
];
const PART = new RegExp(`${QUOTED.join('|')}|:([A-Za-z_]\\w*)`, 'g');

/** Puts parameters into the places of names; a name without a value is left as it stands. */
export function withParameters(
  sql: string,
  values: Readonly<Record<string, string>>,
  dialect: SqlDialect,
): Parametrised {
  const parameters: string[] = [];
  const found = new Set<string>();
  const text = sql.replaceAll(PART, (whole: string, _tag: unknown, name: string | undefined) => {
    if (name === undefined || !Object.hasOwn(values, name)) return whole;
    found.add(name);
    parameters.push(values[name] ?? '');
    return dialect === 'postgresql' ? `$${parameters.length}::timestamptz` : '?';
  });
  return { sql: text, parameters, found };
}
