/**
 * The type of PostgreSQL that holds every value of a field, and returns each of them as it is in the
 * record (docs/targets.md). Pure.
 */

import type { FieldType } from '../../record/type.ts';
import { innermostType, type ColumnForm } from '../tableForm.ts';

/** Fraction digits that times of PostgreSQL have at most. */
const MICROSECONDS = 6;

/** Longest n of varchar(n). */
const MAX_VARCHAR = 10_485_760;

/** How a value is written for COPY; arrays are literals of their elements. */
export type Encoding =
  /** Text as it is. */
  | 'text'
  /** JSON numbers. */
  | 'number'
  | 'boolean'
  | 'bytes'
  | 'blob'
  | 'json'
  | { readonly array: Exclude<Encoding, 'blob' | 'bytes' | 'json' | { readonly array: unknown }> };

export interface ColumnType {
  /** As in CREATE TABLE. */
  readonly sql: string;
  readonly encoding: Encoding;
}

/** Returns the type of a column that is made for a field. */
export function columnType({ type, maxLength }: ColumnForm): ColumnType {
  if (type.kind !== 'array') {
    const { sql, encoding } = scalar(type);
    return { sql: limited(sql, maxLength), encoding };
  }
  const { sql, encoding } = scalar(innermostType(type));
  // Nested arrays may be ragged, which those of PostgreSQL cannot be.
  const isFlat = type.of.kind !== 'array';
  if (!isFlat || encoding === 'json' || encoding === 'bytes' || encoding === 'blob') {
    return { sql: 'jsonb', encoding: 'json' };
  }
  if (typeof encoding === 'object') throw new TypeError('an array of arrays is JSON');
  return { sql: `${limited(sql, maxLength)}[]`, encoding: { array: encoding } };
}

function limited(sql: string, maxLength: number | null): string {
  const isLimited = sql === 'text' && maxLength !== null && maxLength <= MAX_VARCHAR;
  return isLimited ? `varchar(${maxLength})` : sql;
}

function scalar({ kind, digits }: Exclude<FieldType, { readonly kind: 'array' }>): ColumnType {
  switch (kind) {
    case 'boolean':
      return { sql: 'boolean', encoding: 'boolean' };
    case 'integer':
      return { sql: 'bigint', encoding: 'number' };
    case 'bigint':
      return { sql: 'numeric', encoding: 'text' };
    case 'decimal':
      return {
        sql: digits === undefined ? 'numeric' : `numeric(1000,${digits})`,
        encoding: 'text',
      };
    case 'float':
      return { sql: 'double precision', encoding: 'number' };
    case 'date':
      return { sql: 'date', encoding: 'text' };
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return { sql: clock(kind, digits), encoding: 'text' };
    case 'uuid':
      return { sql: 'uuid', encoding: 'text' };
    case 'bytes':
      return { sql: 'bytea', encoding: 'bytes' };
    case 'blob':
      return { sql: 'bytea', encoding: 'blob' };
    case 'json':
    case 'tagged':
      return { sql: 'jsonb', encoding: 'json' };
    default:
      return { sql: 'text', encoding: 'text' };
  }
}

/** A time whose number of digits may differ, or is beyond microseconds, stays the text that it is. */
function clock(kind: 'time' | 'timestamp' | 'timestamptz', digits: number | undefined): string {
  if (digits === undefined || digits > MICROSECONDS) return 'text';
  return `${kind}(${digits})`;
}
