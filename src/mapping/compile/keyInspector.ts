/**
 * Inspects text of a legacy key that is in no field. Such text makes the id and is in the lineage
 * only; its faults are reported for the field of the id.
 */

import type { Row } from '../../source/source.ts';
import { inspectText, takesPlainText } from './cellMapper.ts';
import type { CompiledModule } from './module.ts';
import { columnsOfField, isReference } from '../model.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import type { DiagnosticLog } from './diagnostics.ts';

/** Returns an inspector of these texts of a row; null if fields hold all of the key's texts. */
export function keyInspector(
  module: CompiledModule,
  log: DiagnosticLog,
): ((row: Row) => void) | null {
  const { idField, fields, key, columns } = module;
  if (idField === null) return null;
  // A reference turns a text into an id and does not inspect it.
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
