import { describe, expect, it } from 'vitest';
import { readDeclaration } from '../../src/source/sqlite/declaredTypes.ts';

describe('readDeclaration', () => {
  it.each([
    ['NVARCHAR(160)', { family: 'text', length: 160 }],
    ['varchar2( 10 char )', { family: 'text', length: 10 }],
    ['VARCHAR(0)', { family: 'text' }],
    ['BLOB SUB_TYPE TEXT', { family: 'text' }],
    ['Decimal(10, 2)', { family: 'decimal', digits: 2 }],
    ['DECIMAL(10)', { family: 'decimal', digits: 0 }],
    ['NUMBER(10,-2)', { family: 'decimal' }],
    ['NUMERIC(4000,2000)', { family: 'decimal' }],
    ['MONEY', { family: 'decimal' }],
    ['DATETIME', { family: 'temporal', clock: 'timestamp' }],
    ['TIMESTAMP(6) WITH TIME ZONE', { family: 'temporal', clock: 'timestamptz', digits: 6 }],
    ['DATE', { family: 'temporal', clock: 'date' }],
    ['TIME(3)', { family: 'temporal', clock: 'time', digits: 3 }],
    ['BIGINT UNSIGNED', { family: 'integer' }],
    ['DOUBLE PRECISION', { family: 'float' }],
    ['BOOL', { family: 'boolean' }],
    ['uniqueidentifier', { family: 'uuid' }],
    ['JSONB', { family: 'json' }],
    ['VARBINARY(16)', { family: 'bytes' }],
    ['GEOMETRY', { family: 'unknown' }],
    [' ', { family: 'unknown' }],
  ])('reads %j', (declaration, expected) => {
    expect(readDeclaration(declaration)).toEqual(expected);
  });
});
