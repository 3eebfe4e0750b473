/** The form of an approval: its bytes have one reading, and a reading one form of bytes. */

import { readFileSync } from 'node:fs';

import { assert, integer, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  encodeApproval,
  MAX_APPROVAL,
  parseApproval,
  type Approval,
  type Purpose,
} from '../../src/journal/approval.ts';
import { canonicalJson } from '../../src/record/canonical.ts';

const digest = (digit: string): string => digit.repeat(64);

const CANDIDATE = {
  format: 1,
  purpose: 'approve-candidate',
  subject: {
    sealId: digest('a'),
    dataRoot: digest('b'),
    mapping: digest('c'),
    checks: digest('d'),
    scan: { verdict: 'WARN', counts: { BLOCKER: 0, WARNING: 2, INFO: 7 } },
    journalHead: digest('e'),
  },
  role: null,
  statement: null,
  reviewer: 'berta',
  time: '2026-12-06T22:04:05.678Z',
} as const satisfies Approval<'approve-candidate'>;

const GATE = {
  format: 1,
  purpose: 'open-gate',
  subject: {
    run: 'shop-1',
    step: 'approve',
    plan: digest('1'),
    target: digest('2'),
    evidence: digest('3'),
  },
  role: 'approver',
  statement: 'I have seen the dashboards',
  reviewer: 'Dora Dürr',
  time: '2026-12-06T22:04:05.678Z',
} as const satisfies Approval<'open-gate'>;

const FORMS = [CANDIDATE, GATE] as const;
const bytesOf = (value: unknown): Buffer => Buffer.from(`${canonicalJson(value)}\n`);
const parsed = (bytes: Uint8Array): unknown[] =>
  (['approve-candidate', 'open-gate'] satisfies Purpose[]).map((one) => parseApproval(bytes, one));

/** Returns all values that have one member more, one less, or one that is not what it has to be. */
function* spoiled(value: object): Generator<readonly [string, object]> {
  yield ['one more', { ...value, more: 1 }];
  for (const [name, one] of Object.entries(value)) {
    const { [name]: _, ...rest } = value as Record<string, unknown>;
    yield [`no ${name}`, rest];
    // A name that every object inherits, which a table of checks must not look up.
    yield [`no ${name}, but hasOwnProperty`, { ...rest, hasOwnProperty: 'format' }];
    for (const other of [7, -1, '', true, [], {}, [one], digest('A'), digest('a').slice(1)]) {
      yield [`${name} ${JSON.stringify(other)}`, { ...rest, [name]: other }];
    }
    if (name !== 'statement' && one !== null) yield [`${name} null`, { ...rest, [name]: null }];
    if (typeof one !== 'object' || one === null) continue;
    for (const [which, inner] of spoiled(one)) {
      yield [`${name}: ${which}`, { ...rest, [name]: inner }];
    }
  }
}

/** Members that are free texts or numbers, so that some of the other values are as good. */
const FREE: Readonly<Record<Purpose, RegExp>> = {
  'approve-candidate': /^(?:(?:reviewer|statement) "a+"|subject: scan: counts: [A-Z]+ 7)$/i,
  'open-gate': /^(?:reviewer|role|statement|subject: (?:run|step)) "a+"$/i,
};

describe('an approval', () => {
  it.each(FORMS)(
    'to $purpose is canonical JSON and a line feed, and read for that alone',
    (one) => {
      const bytes = encodeApproval(one);
      expect(bytes).toEqual(bytesOf(one));
      expect(parsed(bytes)).toEqual(FORMS.map((form) => (form === one ? one : null)));
    },
  );

  it.each(FORMS)('to $purpose has these members, each as it has to be', (one) => {
    let refused = 0;
    for (const [which, other] of spoiled(one)) {
      if (FREE[one.purpose].test(which)) continue;
      expect([which, ...parsed(bytesOf(other))]).toEqual([which, null, null]);
      refused += 1;
    }
    expect(refused).toBeGreaterThan(130);
  });

  it.each([
    '2026-12-06T22:04:05Z',
    '2026-12-06T22:04:05.678+00:00',
    '2026-02-30T22:04:05.678Z',
    '2026-13-06T22:04:05.678Z',
    '+012026-12-06T22:04:05.678Z',
  ])('is of a time that exists, in one form: %s is none', (time) => {
    for (const one of FORMS) expect(parsed(bytesOf({ ...one, time }))).toEqual([null, null]);
  });

  it('with the subject of the other purpose is none', () => {
    for (const one of FORMS) {
      const { subject, role } = one === GATE ? CANDIDATE : GATE;
      expect(parsed(bytesOf({ ...one, subject, role }))).toEqual([null, null]);
      const { purpose } = one === GATE ? CANDIDATE : GATE;
      expect(parsed(bytesOf({ ...one, purpose }))).toEqual([null, null]);
    }
  });

  it('has no second form: spaces, order, doubled members, a mark or another line end', () => {
    for (const one of FORMS) {
      const text = encodeApproval(one).toString();
      const others = [
        ` ${text}`,
        text.trimEnd(),
        `${text}\n`,
        text.replace('\n', '\r\n'),
        `\uFEFF${text}`,
        text.replace('"format":1', '"format":1.0'),
        text.replace('{"format":1,', '{"format":1,"format":1,'),
        text.replace('"format":1,', '').replace('}\n', ',"format":1}\n'),
        text.replace('"format"', String.raw`"\u0066ormat"`),
        `[${text}]`,
      ];
      for (const other of others)
        expect([other, ...parsed(Buffer.from(other))]).toEqual([other, null, null]);
      const latin = Buffer.concat([Buffer.from(text.replace('berta', '')), Buffer.from([0xff])]);
      expect(parsed(latin)).toEqual([null, null]);
    }
  });

  it('is at most as long as its file may be', () => {
    const statement = 'x'.repeat(MAX_APPROVAL);
    expect(parsed(encodeApproval({ ...GATE, statement }))).toEqual([null, null]);
  });

  it('of any texts is read as it was written, and with any byte changed as another one or none', () => {
    const text = string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    assert(
      property(
        text,
        text,
        text,
        integer({ min: 0, max: 1000 }),
        integer({ min: 0, max: 255 }),
        (reviewer, role, run, at, byte) => {
          const one = { ...GATE, reviewer, role, subject: { ...GATE.subject, run } };
          const bytes = encodeApproval(one);
          expect(parseApproval(bytes, 'open-gate')).toEqual(one);
          bytes[at % bytes.length] = byte;
          const other = parseApproval(bytes, 'open-gate');
          if (other !== null) expect(encodeApproval(other)).toEqual(bytes);
        },
      ),
    );
  });
});

describe('docs/approvals.md', () => {
  it('names all members, and no others', () => {
    const page = readFileSync('docs/approvals.md', 'utf8');
    const named = [...page.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, cell = '']) => {
      return [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
    });
    const [of, gate] = [CANDIDATE.subject, GATE.subject];
    const expected = [...Object.keys(CANDIDATE), ...Object.keys(of), ...Object.keys(gate)];
    expect(named.toSorted()).toEqual(expected.toSorted());
  });
});
