/** Names and texts as SQL, against SQLite itself. */

import Database from 'better-sqlite3';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { quote, quoteText } from '../../src/sql/quote.ts';

it('whatever is quoted comes back as it was, as a name and as a text', () => {
  const db = new Database(':memory:');
  const text = fc.string({ unit: 'grapheme' }).filter((some) => !some.includes('\0'));
  fc.assert(
    fc.property(text, (some) => {
      const row = db.prepare(`SELECT ${quoteText(some)} AS ${quote(`n${some}`)}`).get();
      expect(row).toEqual({ [`n${some}`]: some });
    }),
    { examples: [[`"'`], [`";--`], [`''""`]] },
  );
  db.close();
});
