/**
 * Combines several cells into one: the first that is not null, or their texts joined. The result
 * goes through the field's transforms and its type like the cell of a column.
 */

import { Rejection } from '../../record/converted.ts';
import { spelled } from '../../record/transform.ts';
import { InvalidText, type SourceValue } from '../../record/value.ts';
import type { CombinedField } from '../model.ts';

const NOT_TEXT = new Rejection('type', 'a cell to be joined is neither text nor an integer');
const NOT_UNICODE = new Rejection('encoding', 'a text to be joined is not valid Unicode');

/**
 * Returns a function from the cells, in the order of the field's columns, to one; null if all are
 * null.
 */
export function combiner({
  combine,
}: Pick<CombinedField, 'combine'>): (cells: readonly SourceValue[]) => SourceValue | Rejection {
  if (combine === 'coalesce') return (cells) => cells.find((cell) => cell !== null) ?? null;
  return (cells) => joined(cells, combine.join);
}

/** Joins the cells. Nulls are left out, empty texts are not. */
function joined(cells: readonly SourceValue[], separator: string): SourceValue | Rejection {
  let text: string | null = null;
  for (const cell of cells) {
    if (cell === null) continue;
    const part = spelled(cell);
    if (part === null) return cell instanceof InvalidText ? NOT_UNICODE : NOT_TEXT;
    text = text === null ? part : text + separator + part;
  }
  return text;
}
