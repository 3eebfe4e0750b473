/**
 * Classifies the messages of SQLite's integrity check: damage, content of rows, and full-text
 * indexes. Pure. Unknown messages count as damage: a new version of SQLite may find more.
 *
 * https://www.sqlite.org/pragma.html#pragma_integrity_check
 */

type IntegrityMessage =
  /**
   * Pages, cells, indexes that disagree with their tables, values that SQLite never stores like
   * this.
   */
  | 'damage'
  /** A row that violates NOT NULL or CHECK: it is complete, and other checks cover it. */
  | 'content'
  /**
   * A full-text index that disagrees with its texts, or cannot be opened; the texts are in tables.
   */
  | 'words';

const CONTENT = /^(?:NULL value in |CHECK constraint failed in )/;
const WORDS = /^(?:fts5: |(?:malformed|unable to validate the) inverted index for FTS\d table )/;

/** Classifies one line. */
function kindOfMessage(line: string): IntegrityMessage {
  if (CONTENT.test(line)) return 'content';
  return WORDS.test(line) ? 'words' : 'damage';
}

/** The least important message: no row depends on it. */
const WEAK = /^Fragmentation of /;

/** Returns the lines of one result that are damage, the most important first. */
export function damageIn(result: string): string[] {
  if (result === 'ok') return [];
  const lines = result
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('*** in database '));
  const damage = lines.filter((line) => kindOfMessage(line) === 'damage');
  return [
    ...damage.filter((line) => !WEAK.test(line)),
    ...damage.filter((line) => WEAK.test(line)),
  ];
}
