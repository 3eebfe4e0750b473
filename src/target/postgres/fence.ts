/**
 * The fence around a schema that is not live any more: each of its tables refuses writes. Names are looked
 * up anew after a swap, but what is bound to a table itself is not: a function with a parsed body, a view
 * of another schema, a subscription. What it writes would be acknowledged, and lost.
 */

import { MOVES_SCHEMA } from './movesLedger.ts';
import type { StoredTable } from './placeChanges.ts';

const TRIGGER = 'sealift_not_live';

/** Makes the function of the triggers; its message holds names only. */
export const MAKE_FENCE: string = `
  CREATE OR REPLACE FUNCTION ${MOVES_SCHEMA}.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
        MESSAGE = pg_catalog.format('table %I.%I is not live any more', TG_TABLE_SCHEMA, TG_TABLE_NAME),
        HINT = 'Name what is live in the statement, or connect again.';
    END $$`;

/** Returns the statements after which these tables refuse writes, also those of a replication. */
export function fenceIn(tables: readonly StoredTable[]): string[] {
  return tables.flatMap(({ identifier }) => [
    `CREATE OR REPLACE TRIGGER ${TRIGGER} BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ${identifier}
      FOR EACH STATEMENT EXECUTE FUNCTION ${MOVES_SCHEMA}.refuse()`,
    `ALTER TABLE ${identifier} ENABLE ALWAYS TRIGGER ${TRIGGER}`,
  ]);
}

/** Returns the statements after which these tables take writes again. */
export function openFence(tables: readonly StoredTable[]): string[] {
  return tables.map(({ identifier }) => `DROP TRIGGER IF EXISTS ${TRIGGER} ON ${identifier}`);
}
