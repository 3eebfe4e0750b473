/**
 * Text of a legacy key that is in no field: it makes the id and stands in the lineage only, and what
 * is wrong with it is said of the field of the id.
 */

import type { Row } from '../../source/source.ts';
import { inspectText, takesPlainText } from './cellMapper.ts';
import type { CompiledModule } from './module.ts';
import { columnsOfField, isReference } from '../model.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import type { DiagnosticLog } from './diagnostics.ts';

/** Looks at these texts of a row; null where fields hold all of the key's texts. */
export function keyInspector(
  module: CompiledModule,
  log: DiagnosticLog,
): ((row: Row) => void) | null {
  const { idField, fields, key, columns } = module;
  if (idField === null) return null;
  // What a reference makes of a text is an id: it looks at none.
  const seen = new Set(
    fields.flatMap(({ mapping }) => (isReference(mapping) ? [] : columnsOfField(mapping))),
  );
  const texts = key
    .filter(
      ({ column, type, transforms }) => !seen.has(column) && !takesPlainText(transforms, type),
    )
    .map(({ column }) => ({
      index: columns.indexOf(column),
      where: `, in key column ${quoteName(column)}`,
    }));
  if (texts.length === 0) return null;
  return (row) => {
    for (const { index, where } of texts) inspectText(row[index] ?? null, idField, log, where);
  };
}
