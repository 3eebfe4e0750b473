/**
 * Which foreign keys of a table are declared MATCH FULL. SQLite parses the clause and forgets it (its
 * pragma says NONE of every foreign key), so that the table's own statement is asked.
 */

import { isSign, sqlTokens, wordOf } from '../../sql/tokens.ts';

/**
 * Whether each foreign key is, in the order of the statement. `REFERENCES` is a reserved word: without
 * quotes it stands in a foreign key and nowhere else.
 */
export function matchFullOf(createTable: string): boolean[] {
  const tokens = sqlTokens(createTable);
  const found: boolean[] = [];
  let depth = 0;
  let open = false;
  for (const [at, token] of tokens.entries()) {
    if (isSign(token, '(')) depth += 1;
    if (isSign(token, ')')) depth -= 1;
    // What follows the comma belongs to another column or constraint.
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
