/** Converts JSON values to cells: numbers keep their digits, arrays and objects stay JSON. */

import { InexactNumber, JsonNode, type JsonValue, type SourceValue } from '../../record/value.ts';

/** Limit on digits, because making a bigint takes more than linear time. */
const INTEGER = /^-?[1-9][0-9]{0,999}$/;

/** Returns the cell of a member's value; null if the record does not have the member. */
export function cellOf(value: JsonValue | undefined): SourceValue {
  if (value === undefined) return null;
  if (value instanceof InexactNumber) {
    return INTEGER.test(value.lexeme) ? BigInt(value.lexeme) : new JsonNode(value);
  }
  if (typeof value === 'number') return exactInteger(value);
  return typeof value === 'object' && value !== null ? new JsonNode(value) : value;
}

/** Converts a number by its shortest digits, which beyond 2^53 are not the double's value. */
function exactInteger(value: number): number | bigint {
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return value;
  const digits = String(value);
  return /^-?[0-9]+$/.test(digits) ? BigInt(digits) : value;
}
