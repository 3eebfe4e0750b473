/**
 * Separate process for SQLite's integrity check. SQLite cannot be interrupted from within, a
 * process can, and the rows are read meanwhile. It holds the same snapshot as the readers.
 */

import { endWithParent } from '../../threads/endWithParent.ts';
import type { Access, Connection } from './connection.ts';
import { failedCheck, findDamage, openToCheck, type IntegrityResult } from './integrityCheck.ts';

export type IntegrityQuestion =
  | { readonly kind: 'begin'; readonly access: Access; readonly isLarge: boolean }
  | { readonly kind: 'check' };

export type IntegrityAnswer = { readonly kind: 'begun' } | IntegrityResult;

let open: { readonly db: Connection; readonly access: Access } | null = null;

process.on('message', (question: IntegrityQuestion) => {
  process.send?.(answer(question));
});

function answer(question: IntegrityQuestion): IntegrityAnswer {
  try {
    if (question.kind === 'begin') {
      open?.db.close();
      open = { db: openToCheck(question.access), access: question.access };
      // A small check ends before this could matter.
      if (question.isLarge) endWithParent();
      return { kind: 'begun' };
    }
    if (open === null) return { kind: 'failed', why: 'it has no snapshot' };
    return findDamage(open.db, open.access);
  } catch (error) {
    return failedCheck(error);
  }
}
