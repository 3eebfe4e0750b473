/** Events as types against events as they stand in the file. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { membersOf, signed, type JournalEvent } from '../../src/journal/event.ts';
import { eventOf } from '../../src/journal/readEvent.ts';
import { encodeEntries, parseJournal, type JournalMembers } from '../../src/journal/line.ts';
import { hasMoves, pointerHistory, NEVER_LIVE } from '../../src/journal/pointerHistory.ts';
import { lastScan } from '../../src/journal/scanEntry.ts';
import { isHeld, sealedLast } from '../../src/journal/sealedEntry.ts';

const AT = '2025-01-31T10:00:00.000Z';
const ID = 'a'.repeat(64);
const HASH = 'b'.repeat(64);

/** One of each, as commands write them. */
const EVENTS: readonly (readonly [string, JournalEvent])[] = [
  ['begin', { event: 'begin', format: 1 }],
  ['cut', { event: 'cut', bytes: 7, sha256: HASH }],
  ['sealed', { event: 'sealed', candidate: `${ID}.2`, sealId: ID, dataRoot: HASH }],
  [
    'scan',
    {
      event: 'scan',
      sealId: ID,
      checks: HASH,
      verdict: 'WARN',
      counts: { BLOCKER: 0, WARNING: 2, INFO: 1 },
    },
  ],
  [
    'promote-intended',
    {
      event: 'move',
      move: 'promote',
      step: 'intended',
      to: ID,
      sealId: ID,
      from: null,
      dataRoot: HASH,
      warningsAllowed: 2,
      expected: true,
    },
  ],
  ['promote-done', { event: 'move', move: 'promote', step: 'done', to: ID, sealId: ID }],
  [
    'rollback-intended',
    { event: 'move', move: 'rollback', step: 'intended', to: ID, from: `${ID}.2`, dataRoot: null },
  ],
  [
    'rollback-not-done',
    { event: 'move', move: 'rollback', step: 'not-done', to: ID, recovered: true },
  ],
  [
    'reconciled',
    {
      event: 'reconciled',
      sealId: ID,
      target: 'db.example.org/app',
      schema: 'sealift__aaaaaaaa',
      verdict: 'FAIL',
      counts: { missing: 1, extra: 0, changed: 2, incomparable: 1 },
      dataRoot: HASH,
      reading: HASH,
    },
  ],
  ['pointer-found', { event: 'pointer-found', found: null, expected: ID }],
  ['prune', { event: 'prune', candidates: [ID] }],
  [
    'sealed',
    {
      event: 'sealed',
      candidate: ID,
      sealId: ID,
      dataRoot: HASH,
      runId: 'run-local',
      begunAfter: 3,
      sources: [
        { name: 'main', state: HASH },
        { name: 'extra', state: null },
      ],
    },
  ],
  [
    'promote-intended',
    {
      event: 'move',
      move: 'promote',
      step: 'intended',
      to: ID,
      currency: 'frozen',
      approvals: [HASH],
    },
  ],
  ['mapping-frozen', { event: 'mapping-frozen', digest: HASH }],
  [
    'writes-freeze-intended',
    {
      event: 'writes',
      change: 'freeze',
      step: 'intended',
      source: 'main',
      label: 'legacy.db',
      before: '53514c',
    },
  ],
  [
    'writes-unfreeze-done',
    {
      event: 'writes',
      change: 'unfreeze',
      step: 'done',
      source: 'main',
      label: 'legacy.db',
      recovered: true,
    },
  ],
  ['approved', { event: 'approved', sealId: ID, approval: HASH, signer: 'SHA256:abc' }],
  ['snapshot', { event: 'snapshot', snapshot: HASH, head: ID }],
  ['restored', { event: 'restored', snapshot: HASH, head: ID }],
  ['clean', { event: 'clean', removed: ['storage_candidate/v1'] }],
  [
    'secret-retire-intended',
    {
      event: 'secret',
      change: 'retire',
      step: 'intended',
      endpoint: 'stripe',
      ids: ['stripe-1'],
      file: HASH,
      forced: true,
    },
  ],
  [
    'secret-rotate-done',
    {
      event: 'secret',
      change: 'rotate',
      step: 'done',
      endpoint: 'stripe',
      ids: ['stripe-1', 'stripe-2'],
      file: HASH,
    },
  ],
  ['smoke', { event: 'smoke', sealId: ID, verdict: 'FAIL' }],
];

function entryOf(members: JournalMembers): ReturnType<typeof parseJournal>['entries'][number] {
  return { ...members, seq: 1, at: AT, prev: HASH };
}

/** A journal of these lines, by way of its bytes. */
function journalOf(...lines: readonly JournalMembers[]): ReturnType<typeof parseJournal> {
  const empty = parseJournal(new Uint8Array(), 'journal');
  return parseJournal(encodeEntries(empty, lines, AT), 'journal');
}

describe('an event', () => {
  it.each(EVENTS)('%s stands in the file by this name, and is read as it was', (name, event) => {
    const members = membersOf(signed(event, 'ada'));
    expect(members).toMatchObject({ event: name, who: 'ada' });
    expect(Object.keys(members)).not.toContain('move');
    expect(eventOf(entryOf(members))).toEqual(event);
  });

  it('is signed only where an operator is named', () => {
    expect(signed({ event: 'prune', candidates: [] }, null)).not.toHaveProperty('who');
  });
});

describe('an event that is not known', () => {
  const newer = { event: 'cutover-began', to: 7, deep: { er: [null] } };

  it('is unknown, and its journal holds and tells the same', () => {
    expect(eventOf(entryOf(newer))).toEqual({ event: 'unknown' });
    const move = { move: 'promote', to: ID } as const;
    const moves = (['intended', 'done'] as const).map((step) =>
      membersOf({ event: 'move', ...move, step }),
    );
    const plain = pointerHistory(journalOf(...moves), 'journal');
    const [first = newer, second = newer] = moves;
    const between = journalOf(newer, first, newer, second, newer);
    expect(between.entries).toHaveLength(6);
    expect(pointerHistory(between, 'journal')).toEqual(plain);
    expect(plain.live).toBe(ID);
    expect(hasMoves(journalOf(newer))).toBe(false);
    expect(pointerHistory(journalOf(newer), 'journal')).toEqual(NEVER_LIVE);
  });
});

describe('an event without what it has to have', () => {
  it.each(['promote-intended', 'rollback-done', 'pointer-found'])(
    '%s breaks the history, and is named',
    (event) => {
      const journal = journalOf({ event, to: 'no name', found: 'no name' });
      expect(journal.entries.map(eventOf)).toContainEqual({ event: 'malformed' });
      expect(() => pointerHistory(journal, 'journal')).toThrow(
        `the journal is broken, as an entry ${event} cannot follow the entries before it`,
      );
    },
  );

  it('is a failed scan, and nothing that was sealed', () => {
    const journal = journalOf({ event: 'scan', sealId: ID }, { event: 'sealed', candidate: ID });
    expect(lastScan(journal, ID)).toMatchObject({
      verdict: 'FAIL',
      checks: null,
      counts: { BLOCKER: Number.POSITIVE_INFINITY },
    });
    expect(isHeld(journal, ID)).toBe(false);
    expect(sealedLast(journal, [ID])).toBeNull();
  });

  it('throws at no members whatever', () => {
    const names = fc.constantFrom(...EVENTS.map(([name]) => name), 'rollback-done', 'constructor');
    const members = fc.dictionary(
      fc.constantFrom('to', 'from', 'sealId', 'candidate', 'candidates', 'found', 'counts'),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(names, members, (event, some) => {
        const read = eventOf(entryOf({ ...some, event }));
        expect(read).toHaveProperty('event');
        expect(eventOf(entryOf({ ...some, event: 'constructor' }))).toEqual({ event: 'unknown' });
      }),
    );
  });
});
