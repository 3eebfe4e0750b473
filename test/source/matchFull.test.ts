import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { matchFullOf } from '../../src/source/sqlite/matchFull.ts';

describe('MATCH FULL in a statement', () => {
  it.each([
    ['CREATE TABLE c (x, y, FOREIGN KEY (x, y) REFERENCES p MATCH FULL)', [true]],
    ['create table c(x,y,foreign key(x,y) references p(a,b)on delete cascade match full)', [true]],
    ['CREATE TABLE c (x, y, FOREIGN KEY (x, y) REFERENCES p (a, b) MATCH SIMPLE)', [false]],
    ['CREATE TABLE c (x, y, FOREIGN KEY (x, y) REFERENCES p /* MATCH FULL */)', [false]],
    [`CREATE TABLE c (x DEFAULT 'REFERENCES p MATCH FULL', "match full" REFERENCES p)`, [false]],
    [
      'CREATE TABLE c (x REFERENCES q, y, FOREIGN KEY (x, y) REFERENCES p MATCH FULL)',
      [false, true],
    ],
    [
      'CREATE TABLE c (x REFERENCES q MATCH FULL, y, FOREIGN KEY (x, y) REFERENCES p)',
      [true, false],
    ],
    ['CREATE TABLE c (x REFERENCES p (a) MATCH FULL REFERENCES q)', [true, false]],
    ['CREATE TABLE c (x, CHECK (x > 0))', []],
    ['', []],
  ])('%s', (sql, full) => {
    expect(matchFullOf(sql)).toEqual(full);
  });

  it('is looked for in any text', () => {
    fc.assert(fc.property(fc.string(), (sql) => Array.isArray(matchFullOf(sql))));
  });
});
