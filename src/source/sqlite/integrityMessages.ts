/**
 * What SQLite's integrity check says, told apart: damage, what the rows hold, and indexes of words.
 * Pure. Whatever is not known here counts as damage: a new version of SQLite may find more.
 *
 * https://www.sqlite.org/pragma.html#pragma_integrity_check
 */

type IntegrityMessage =
  /** Pages, cells, indexes that disagree with their tables, values that SQLite never stores so. */
  | 'damage'
  /** A row that breaks NOT NULL or CHECK: it is all there, and other checks look at it. */
  | 'content'
  /** A full-text index that disagrees with its texts, or cannot be opened; the texts are in tables. */
  | 'words';

const CONTENT = /^(?:NULL value in |CHECK constraint failed in )/;
const WORDS = /^(?:fts5: |(?:malformed|unable to validate the) inverted index for FTS\d table )/;

/** The kind of one line. */
function kindOfMessage(line: string): IntegrityMessage {
  if (CONTENT.test(line)) return 'content';
  return WORDS.test(line) ? 'words' : 'damage';
}

/** It says least of all: no row depends on it. */
const WEAK = /^Fragmentation of /;

/** The lines of one result that are damage, those that say most first; none where there is none. */
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
