/** The comparison with a truth notices what is missing, wrong, or too much. */

import Database from 'better-sqlite3';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import type { Finding } from '../../src/outcome/finding.ts';
import { workFolder } from '../kit/project.ts';
import { LISTS, referencesIn } from './references.ts';
import { assess, describeAssessment, KINDS, type Planted } from './truth.ts';

const FOLDER = workFolder('assess');
const AT = { table: 'hunde', rowid: 4, column: 'name' };
const NULL: Planted = { kind: 'required_null', ...AT, severity: 'BLOCKER' };
const FOUND: Finding = {
  id: 'a',
  rule: 'required',
  severity: 'BLOCKER',
  module: 'hunde',
  source: { table: 'hunde', row: 4 },
  field: 'name',
  reason: 'null',
};
/** It says that it follows from FOUND. */
const FOLLOWS: Finding = { ...FOUND, id: 'b', rule: 'copy', field: 'code', because: 'a' };
const COURSES: readonly Finding[] = [
  { ...FOLLOWS, source: { table: 'kurse', row: 1 } },
  { ...FOLLOWS, source: { table: 'kurse', row: 2 } },
];
const TWINS: Planted = {
  kind: 'dup_id_exact',
  table: 'kunden',
  rowid: 9,
  column: 'id',
  severity: 'BLOCKER',
  other_rowid: 2,
};

/** How many were missed, and which findings are too much. */
function outcome(findings: readonly Finding[], defects: readonly Planted[]): [number, Finding[]] {
  const { missed, unmatched } = assess(findings, { defects });
  return [missed.length, [...unmatched]];
}

function twins(...rows: number[]): Finding {
  const members = rows.map((row) => ({ table: 'kunden', row }));
  return { rule: 'key-duplicate', severity: 'BLOCKER', field: 'id', members, reason: 'twice' };
}

describe('the comparison with a truth', () => {
  it('is content with a finding of the right rule and severity at the right cell', () => {
    expect(outcome([FOUND], [NULL])).toEqual([0, []]);
  });

  it('misses a defect that nothing was found of', () => {
    expect(outcome([], [NULL])).toEqual([1, []]);
  });

  it.each([
    ['row', { source: { table: 'hunde', row: 5 } }],
    ['table', { source: { table: 'kunden', row: 4 } }],
    ['field', { field: 'rufname' }],
    ['rule', { rule: 'type' }],
  ])('misses a defect where the finding has another %s', (_, change) => {
    const wrong = { ...FOUND, ...change };
    expect(outcome([wrong], [NULL])).toEqual([1, [wrong]]);
  });

  it('misses a defect of another severity, but knows the finding', () => {
    const { missed, unmatched } = assess([{ ...FOUND, severity: 'INFO' }], { defects: [NULL] });
    expect(missed).toEqual([{ planted: NULL, severities: ['INFO'] }]);
    expect(unmatched).toEqual([]);
  });

  it('knows a row by its number, be it a number or text', () => {
    const text = { ...FOUND, source: { table: 'hunde', row: '4' } };
    expect(outcome([text], [NULL])).toEqual([0, []]);
  });

  it('takes a part of a composite column for the whole', () => {
    const times = { ...NULL, kind: 'time_order', column: 'start+end' };
    for (const field of ['start', 'end', 'start+end', 'end+start']) {
      expect(outcome([{ ...FOUND, rule: 'invariant', field }], [times])).toEqual([0, []]);
    }
    const other = { ...FOUND, rule: 'invariant', field: 'started' };
    expect(outcome([other], [times])).toEqual([1, [other]]);
  });

  it('wants both rows of a duplicate in one group', () => {
    expect(outcome([twins(2, 9)], [TWINS])).toEqual([0, []]);
    for (const group of [twins(2, 3), twins(9, 10)]) {
      expect(outcome([group], [TWINS])).toEqual([1, [group]]);
    }
  });

  it('counts BLOCKERs and WARNINGs that nobody planted, but not INFO', () => {
    const source = { table: 'hunde', row: 77 };
    const extra: Finding[] = [
      { ...FOUND, severity: 'BLOCKER', source },
      { ...FOUND, severity: 'WARNING', source },
      { ...FOUND, severity: 'INFO', source },
    ];
    const { judged, unmatched } = assess([FOUND, ...extra], { defects: [NULL] });
    expect(judged).toBe(3);
    expect(unmatched).toEqual(extra.slice(0, 2));
  });

  it('accepts what the truth says is also wrong there', () => {
    const scale = { ...NULL, kind: 'amount_scale', column: 'betrag', also: ['sum_mismatch'] };
    const found = { ...FOUND, rule: 'scale', field: 'betrag' };
    const follows = { ...FOUND, rule: 'invariant', field: 'betrag' };
    expect(outcome([found, follows], [scale])).toEqual([0, []]);
    const { also: _, ...alone } = scale;
    expect(outcome([found, follows], [alone])).toEqual([0, [follows]]);
  });

  it('leaves personal data to another test, but does not hold it against a finding', () => {
    const personal = { ...NULL, kind: 'pii_free_text' };
    const found = { ...FOUND, rule: 'pii-undeclared' };
    expect(assess([found], { defects: [personal] })).toMatchObject({ planted: 0, unmatched: [] });
  });

  it('refuses a kind that it does not know', () => {
    const unknown = { ...NULL, kind: 'dates_wrong' };
    expect(() => assess([FOUND], { defects: [unknown] })).toThrow('dates_wrong');
  });

  it('knows a rule for every kind, and the kinds in order', () => {
    expect(KINDS.length).toBe(41);
    expect([...KINDS].sort()).toEqual(KINDS);
  });

  it('says what is wrong without saying what the value is', () => {
    const stray = { ...FOUND, source: { table: 'hunde', row: 5 } };
    expect(describeAssessment(assess([stray], { defects: [NULL] }))).toEqual([
      'missed BLOCKER required_null at hunde 4 name: ',
      'unmatched BLOCKER required name {"table":"hunde","row":5} : null',
    ]);
  });
});

describe('a because', () => {
  it('is told to be broken where it leads nowhere, whatever the severity', () => {
    const leading = (because: string): Finding => ({ ...FOLLOWS, because });
    const far: Finding = { ...FOLLOWS, id: 'c', source: { table: 'kunden', row: 1 } };
    const quiet: Finding = { ...FOLLOWS, severity: 'INFO', because: 'zzz' };
    const broken = (finding: Finding): number =>
      assess([FOUND, { ...far, because: 'c' }, finding], { defects: [NULL] }).broken.length;
    expect([FOLLOWS, leading('zzz'), leading('b'), leading('c'), quiet].map(broken)).toEqual([
      1, 2, 2, 2, 2,
    ]);
    expect(assess([FOUND, FOLLOWS], { defects: [NULL] }).broken).toEqual([]);
    expect(describeAssessment(assess([FOUND, quiet], { defects: [NULL] }))).toEqual([
      'broken because INFO copy code {"table":"hunde","row":4} zzz: null',
    ]);
  });

  it('excuses a finding on the same row', () => {
    expect(outcome([FOUND, FOLLOWS], [NULL])).toEqual([0, []]);
    expect(assess([FOUND, FOLLOWS], { defects: [NULL] }).because).toEqual([FOLLOWS]);
  });

  it.each([
    ['that is not there', { because: 'zzz' }],
    ['on a row that has nothing to do with it', { source: { table: 'hunde', row: 8 } }],
    ['that is itself', { because: 'b' }],
  ])('excuses nothing by a finding %s', (_, change) => {
    const wrong = { ...FOLLOWS, ...change };
    expect(outcome([FOUND, wrong], [NULL])).toEqual([0, [wrong]]);
  });

  it('excuses nothing by a finding that nobody planted, nor in a circle', () => {
    const stray = { ...FOUND, field: 'code' };
    expect(outcome([stray, FOLLOWS], [NULL])).toEqual([1, [stray, FOLLOWS]]);
    const circle = { ...stray, because: 'b' };
    expect(outcome([circle, FOLLOWS], [NULL])).toEqual([1, [circle, FOLLOWS]]);
  });

  it('excuses a finding on a row that lists the other one in JSON', () => {
    const file = join(FOLDER, 'lists.db');
    const db = new Database(file);
    db.exec(`CREATE TABLE hunde (id TEXT);
      CREATE TABLE kurse (hundIds TEXT);
      INSERT INTO hunde (rowid, id) VALUES (4, 'h4'), (5, 'h5');
      INSERT INTO kurse (rowid, hundIds) VALUES (1, '["h5","h4"]'), (2, '["h5"]'), (3, '[h4')`);
    db.close();
    const references = referencesIn(file, LISTS);
    const to = { table: 'hunde', row: 4 };
    const refers = [1, 2, 3].map((row) => references.refers({ table: 'kurse', row }, to));
    references.close();
    expect(refers).toEqual([true, false, false]);
  });

  it('excuses a finding on a row that refers to the other one, by a declared key', () => {
    const file = join(FOLDER, 'two.db');
    const db = new Database(file);
    db.exec(`CREATE TABLE hunde (id TEXT UNIQUE, name TEXT);
      CREATE TABLE kurse (hund TEXT REFERENCES hunde(id));
      INSERT INTO hunde (rowid, id) VALUES (4, 'h4'), (5, 'h5');
      INSERT INTO kurse (rowid, hund) VALUES (1, 'h4'), (2, 'h5')`);
    db.close();
    const references = referencesIn(file);
    const findings = [FOUND, ...COURSES];
    const { because, unmatched } = assess(findings, { defects: [NULL] }, references.refers);
    references.close();
    expect([because, unmatched]).toEqual([[COURSES[0]], [COURSES[1]]]);
  });
});
