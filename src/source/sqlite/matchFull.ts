/**
 * Finds the foreign keys of a table that are declared MATCH FULL. SQLite parses the clause and
 * discards it (its pragma reports NONE for every foreign key), so the table's own statement is
 * read.
 */

import { isSign, sqlTokens, wordOf } from '../../sql/tokens.ts';

/**
 * Returns for each foreign key whether it is, in the order of the statement. `REFERENCES` is a
 * reserved word: without quotes it occurs in foreign keys only.
 */
export function matchFullOf(createTable: string): boolean[] {
  const tokens = sqlTokens(createTable);
  const found: boolean[] = [];
  let depth = 0;
  let open = false;
  for (const [at, token] of tokens.entries()) {
    if (isSign(token, '(')) depth += 1;
    if (isSign(token, ')')) depth -= 1;
    // Text after the comma belongs to another column or constraint.
    if (depth === 0 || (depth === 1 && isSign(token, ','))) open = false;
    const word = wordOf(token);
    if (word === 'references') {
      found.push(false);
      open = true;
    }
    const isFull = word === 'match' && wordOf(tokens[at + 1]) === 'full';
    if (open && isFull) found[found.length - 1] = true;
  }
  return found;
}
