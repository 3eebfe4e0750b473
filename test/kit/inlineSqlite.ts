/** What SQLite asks other processes, asked in this one: for tests of hundreds of small databases. */

import type { DamageCheck } from '../../src/source/damageCheck.ts';
import type { SourceAdapter } from '../../src/source/source.ts';
import { sqliteAdapter } from '../../src/source/sqlite.ts';
import type { Access, Connection } from '../../src/source/sqlite/connection.ts';
import { failedCheck, findDamage, openToCheck } from '../../src/source/sqlite/integrityCheck.ts';
import { failureOf } from '../../src/source/sqlite/integrityRunner.ts';
import { answerWrites } from '../../src/source/sqlite/writeAnswer.ts';
import { writesAskedBy } from '../../src/source/sqlite/writeFreeze.ts';

/** SQLite, checked by the same look as ever, and tried by the same writes, but in this process. */
export const INLINE_SQLITE: SourceAdapter = {
  ...sqliteAdapter,
  writes: writesAskedBy(answerWrites),
  async prepare(location, options) {
    const prepared = await sqliteAdapter.prepare(location, options);
    let access: Access | null = null;
    return {
      ...prepared,
      inOneSnapshot: (open) =>
        prepared.inOneSnapshot((handle) => {
          access = handle['access'] as Access;
          return open(handle);
        }),
      checkForDamage: () => inlineCheck(() => access as Access),
    };
  },
};

/** `accessOf` is asked once the snapshot has begun. */
function inlineCheck(accessOf: () => Access): DamageCheck {
  let db: Connection | null = null;
  const close = (): void => {
    db?.close();
    db = null;
  };
  return {
    async begin() {
      close();
      try {
        db = openToCheck(accessOf());
      } catch (error) {
        throw failureOf(failedCheck(error), accessOf().shown);
      }
    },
    async run() {
      if (db === null) throw new Error('the check has not begun');
      const looked = findDamage(db, accessOf());
      if (looked.kind !== 'checked') throw failureOf(looked, accessOf().shown);
      return { unchecked: looked.unchecked };
    },
    close,
  };
}
