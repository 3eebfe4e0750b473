/** What has to hold of all rows before the first file is moved, and after the last. */

import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import type { OpenAttachments } from '../project/openAttachments.ts';
import { countEmptyKeys } from './pullRows.ts';

/** A run that sees no row proves nothing. */
export async function assertAnyRow({ tables, database }: OpenAttachments): Promise<void> {
  for (const { declared, rows } of tables) {
    for (const column of [declared.path, declared.key]) {
      // One row tells; to count them is to read the table.
      const found = await rows.page(null, 1, { notNull: [column], isNull: [] });
      if (found.length > 0) return;
    }
  }
  throw new Failure('EMPTY', {
    what: 'no row has a path or a key, so there is nothing to move',
    where: database.label,
    hint: 'check the tables and columns in mapping/attachments.json',
  });
}

/** A key without characters is no object, and not null: such a row would be left on disk unseen. */
export async function assertNoEmptyKey({ tables, database }: OpenAttachments): Promise<void> {
  const empty = await countEmptyKeys(tables);
  if (empty === 0) return;
  throw new Failure('REJECTED', {
    what: `${counted(empty, 'row')} ${empty === 1 ? 'has' : 'have'} an empty text as key, so that a reader gets neither file nor object`,
    where: database.label,
    hint: 'set these keys to null, then run again',
  });
}
