/** Finds the schemas into which a seal was loaded as a whole: by the ledgers of loads that are in them. */

import type { PreparedSource, SourceAdapter, TableSchema } from '../source/source.ts';

/** Name of the table that a load writes beside its rows. */
const LEDGER = 'sealift_ledger';
const COLUMNS = ['seal_id', 'state'];

/** Lists the schemas by their names; [''] if the target has none. @throws Failure */
export async function schemasOfSeal(
  target: PreparedSource,
  adapter: SourceAdapter,
  sealId: string,
  signal: AbortSignal,
): Promise<string[]> {
  const { tables } = target.schema;
  if (tables.every(({ schema }) => schema === undefined)) return [''];
  const ledgers = tables.filter(isLedger);
  const found: string[] = [];
  await target.inOneSnapshot(async (handle) => {
    const reader = await adapter.open(handle, signal);
    try {
      for (const { name, schema = '' } of ledgers) {
        for (const range of await target.plan(name, 1000)) {
          for await (const page of reader.read(name, COLUMNS, range)) {
            if (page.some(([seal, state]) => seal === sealId && state === 'complete'))
              found.push(schema);
          }
        }
      }
    } finally {
      await reader.close();
    }
  });
  // The one that a load has made for the seal alone comes before tables that it has filled.
  const own = found.filter((schema) => schema.endsWith(`__${sealId.slice(0, 8)}`));
  return [...new Set(own.length > 0 ? own : found)];
}

function isLedger({ name, schema, columns }: TableSchema): boolean {
  if (schema === undefined || !(name === LEDGER || name.endsWith(`.${LEDGER}`))) return false;
  return COLUMNS.every((wanted) => columns.some((column) => column.name === wanted));
}
