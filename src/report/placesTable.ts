/** Where the content of rows is, as a table of text. Places without rows are left out. Pure. */

import { byteCount } from '../outcome/byteCount.ts';
import type { Place } from '../outcome/outcome.ts';
import { printable } from '../outcome/printable.ts';
import { alignColumns } from './alignColumns.ts';

export function placesTable(places: readonly Place[]): string[] {
  const held = places.filter(({ rows }) => rows > 0);
  if (held.length === 0) return [];
  return alignColumns(
    [
      ['where', 'rows', 'bytes'],
      ...held.map(({ name, rows, bytes }) => [
        name,
        String(rows),
        bytes === null ? '' : byteCount(bytes),
      ]),
    ],
    2,
  ).map(printable);
}
