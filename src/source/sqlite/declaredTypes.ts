/**
 * What a column of a SQLite table declares about its values. A declaration is a hint only: such a
 * column holds anything, whatever it declares.
 */

import type { Clock, DeclaredType } from '../declared.ts';

const DECIMAL = /^(DECIMAL|DEC|NUMERIC|NUMBER|MONEY|SMALLMONEY|CURRENCY)\b/;
const ZONED = /TIMESTAMPTZ|DATETIMEOFFSET|WITH TIME ZONE|WITH LOCAL TIME ZONE/;
const MAX_SCALE = 1000;
const MAX_FRACTION = 12;

/**
 * Reads a declaration such as `NVARCHAR(160)` or `DECIMAL(10, 2)`. Names that mean one type
 * everywhere come first, then the affinity rules of SQLite (Datatypes In SQLite, §3.1).
 */
export function readDeclaration(declaration: string): DeclaredType {
  const upper = declaration.trim().toUpperCase();
  if (upper === '') return { family: 'unknown' };
  if (upper.startsWith('BOOL')) return { family: 'boolean' };
  if (DECIMAL.test(upper)) return decimalOf(upper);
  if (/^(DATE|TIME|SMALLDATETIME)/.test(upper)) return temporalOf(upper);
  if (/^(UUID|GUID|UNIQUEIDENTIFIER)\b/.test(upper)) return { family: 'uuid' };
  if (/^JSONB?\b/.test(upper)) return { family: 'json' };
  if (/^(BYTEA|IMAGE|(VAR)?BINARY)\b/.test(upper)) return { family: 'bytes' };
  if (upper.includes('INT')) return { family: 'integer' };
  if (/CHAR|CLOB|TEXT/.test(upper)) return textOf(upper);
  if (upper.includes('BLOB')) return { family: 'bytes' };
  if (/REAL|FLOA|DOUB/.test(upper)) return { family: 'float' };
  return { family: 'unknown' };
}

/** DECIMAL(p) has no fraction digits (SQL:2016 §6.1); DECIMAL alone says nothing about them. */
function decimalOf(upper: string): DeclaredType {
  const match = /\(\s*\d+\s*(?:,\s*(-?\d+)\s*)?\)/.exec(upper);
  if (match === null) return { family: 'decimal' };
  const digits = Number(match[1] ?? 0);
  return digits >= 0 && digits <= MAX_SCALE ? { family: 'decimal', digits } : { family: 'decimal' };
}

function temporalOf(upper: string): DeclaredType {
  const clock = clockOf(upper);
  const digits = Number(/\(\s*(\d+)\s*\)/.exec(upper)?.[1] ?? Infinity);
  return digits <= MAX_FRACTION && clock !== 'date'
    ? { family: 'temporal', clock, digits }
    : { family: 'temporal', clock };
}

function clockOf(upper: string): Clock {
  if (ZONED.test(upper)) return 'timestamptz';
  if (/^(DATETIME|TIMESTAMP|SMALLDATETIME)/.test(upper)) return 'timestamp';
  return upper.startsWith('DATE') ? 'date' : 'time';
}

function textOf(upper: string): DeclaredType {
  const length = Number(/\(\s*(\d+)\s*(?:CHAR|BYTE)?\s*\)/.exec(upper)?.[1] ?? 0);
  const means = length > 0 && Number.isSafeInteger(length);
  return means ? { family: 'text', length } : { family: 'text' };
}
