/** Clauses of a query as both dialects write them, found in its tokens. Pure. */

import { isSign, wordOf, type SqlToken } from './tokens.ts';

/** Whether an ORDER BY of the same query precedes the token at `from`. */
export function isOrdered(tokens: readonly SqlToken[], from: number): boolean {
  let depth = 0;
  for (let at = from - 1; at >= 0; at -= 1) {
    if (isSign(tokens[at], ')')) depth += 1;
    if (isSign(tokens[at], '(')) depth -= 1;
    if (depth < 0) return false;
    if (depth === 0 && wordOf(tokens[at]) === 'order') return true;
  }
  return false;
}

/** Whether these are a common table's columns: `name ( … ) AS (` or `AS [NOT] MATERIALIZED (`. */
export function isColumnList(tokens: readonly SqlToken[], close: number): boolean {
  const after = tokens.slice(close + 1, close + 5);
  const words = after.map(({ text }) => text.toLowerCase()).join(' ');
  return /^as (?:(?:not )?materialized )?\(/.test(words);
}

/** Whether the token is the `*` for all columns. */
export function isStar(tokens: readonly SqlToken[], at: number): boolean {
  if (!isSign(tokens[at], '*')) return false;
  const before = tokens[at - 1];
  if (isSign(before, ',') || isSign(before, '.')) return true;
  return ['select', 'distinct', 'all'].includes(wordOf(before) ?? '');
}
