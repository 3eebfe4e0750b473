/** What the type of a PostgreSQL column says about its values, which holds for every one of them. */

import type { Clock, DeclaredType } from '../declared.ts';

const MODIFIED = /^([a-z][a-z0-9 ]*?)(?:\((-?\d+)(?:,\s*(-?\d+))?\))?( with(?:out)? time zone)?$/;

/** Microseconds. */
const FRACTION = 6;

/** Reads a type as `format_type` writes it, such as `numeric(10,2)`. */
export function readType(declared: string): DeclaredType {
  const [, name = '', first, second, zone = ''] = MODIFIED.exec(declared) ?? [];
  switch (name) {
    case 'boolean':
      return { family: 'boolean' };
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'oid':
      return { family: 'integer' };
    case 'real':
      return { family: 'float', single: true };
    case 'double precision':
      return { family: 'float' };
    case 'numeric':
      return scaled(first, second);
    case 'date':
      return { family: 'temporal', clock: 'date', certain: true };
    case 'time':
      // A time with a zone but no date is a text: its offset belongs to it.
      if (zone === ' with time zone') return { family: 'text' };
      return clocked('time', first);
    case 'timestamp':
      return clocked(zone === ' with time zone' ? 'timestamptz' : 'timestamp', first);
    case 'uuid':
      return { family: 'uuid' };
    case 'json':
    case 'jsonb':
      return { family: 'json' };
    case 'bytea':
      return { family: 'bytes' };
    case 'character':
    case 'character varying':
      return first === undefined ? { family: 'text' } : { family: 'text', length: Number(first) };
    case 'text':
    case 'name':
      return { family: 'text' };
    default:
      return declared.endsWith('[]') ? { family: 'json', list: true } : { family: 'text' };
  }
}

function clocked(clock: Clock, precision: string | undefined): DeclaredType {
  return { family: 'temporal', clock, digits: Number(precision ?? FRACTION), certain: true };
}

function scaled(precision: string | undefined, scale: string | undefined): DeclaredType {
  if (precision === undefined) return { family: 'decimal' };
  const digits = Number(scale ?? 0);
  return digits >= 0 ? { family: 'decimal', digits } : { family: 'decimal' };
}
