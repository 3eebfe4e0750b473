/** Whether writes are frozen, as the journal tells it. */

import { describe, expect, it } from 'vitest';

import type { ChangeStep, WriteChange } from '../../src/journal/event.ts';
import { frozenSince, writesState } from '../../src/journal/frozenWrites.ts';
import { encodeEntries, parseJournal, type Journal } from '../../src/journal/line.ts';

const AT = '2025-01-31T10:00:00.000Z';

/** A journal with these changes of `main`, from line 2 on, and one of another source at the end. */
function journalOf(...changes: readonly (readonly [WriteChange, ChangeStep, string?])[]): Journal {
  const lines = changes.map(([change, step, before = null]) => {
    return { event: `writes-${change}-${step}`, source: 'main', label: 'legacy.db', before };
  });
  const other = { event: 'writes-freeze-done', source: 'other', label: 'other.db' };
  const empty = parseJournal(new Uint8Array(), 'journal');
  return parseJournal(encodeEntries(empty, [...lines, other], AT), 'journal');
}

const FROZE = ['freeze', 'done'] as const;
const MEANT = ['freeze', 'intended', 'ab'] as const;

describe('the writes of a source', () => {
  it.each([
    ['are not frozen at first', [], 'writable', null],
    ['are unsettled after an intent', [MEANT], 'unsettled', null],
    ['are frozen when that was done', [MEANT, FROZE], 'frozen', 3],
    ['are not when it was not done', [MEANT, ['freeze', 'not-done']], 'writable', null],
    [
      'are unsettled where an unfreeze has begun',
      [MEANT, FROZE, ['unfreeze', 'intended']],
      'unsettled',
      null,
    ],
    [
      'are frozen still after an unfreeze that did nothing',
      [MEANT, FROZE, ['unfreeze', 'intended'], ['unfreeze', 'not-done']],
      'frozen',
      3,
    ],
    [
      'are writable after one that did',
      [MEANT, FROZE, ['unfreeze', 'intended'], ['unfreeze', 'done']],
      'writable',
      null,
    ],
  ] as const)('%s', (_, changes, state, since) => {
    const journal = journalOf(...changes);
    expect(writesState(journal, 'main', 'journal')).toMatchObject({
      state,
      before: changes.length === 0 ? null : 'ab',
    });
    expect(frozenSince(journal, 'main', 'journal')).toBe(since);
  });

  it('are not known where a line lacks what it needs', () => {
    const empty = parseJournal(new Uint8Array(), 'journal');
    const lines = [{ event: 'writes-freeze-done', source: 'main' }];
    const journal = parseJournal(encodeEntries(empty, lines, AT), 'journal');
    expect(() => writesState(journal, 'main', 'journal')).toThrow(
      /^a line of the journal about the writes of a source lacks what it needs/,
    );
  });
});
