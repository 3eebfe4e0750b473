/**
 * Several cells → one: the first that is not null, or their texts joined. What is made of them goes
 * through the field's transforms and its type as the cell of a column does.
 */

import { Rejection } from '../../record/converted.ts';
import { spelled } from '../../record/transform.ts';
import { InvalidText, type SourceValue } from '../../record/value.ts';
import type { CombinedField } from '../model.ts';

const NOT_TEXT = new Rejection(
  'type',
  'a cell that is to be joined is neither text nor an integer',
);
const NOT_UNICODE = new Rejection('encoding', 'a text that is to be joined is not valid Unicode');

/** One cell of several, in the order of the field's columns; null where all of them are. */
export function combiner({
  combine,
}: Pick<CombinedField, 'combine'>): (cells: readonly SourceValue[]) => SourceValue | Rejection {
  if (combine === 'coalesce') return (cells) => cells.find((cell) => cell !== null) ?? null;
  return (cells) => joined(cells, combine.join);
}

/** Nulls are left out, empty texts are not. */
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
