/**
 * Runs the queries of lists in a schema. The server reads a query with the search path of the session,
 * so that nothing of a schema can stand in for an operator or a function of the server; only its
 * execution has the schema in the path, so that definitions are written as seen from there.
 */

import { Failure } from '../../../outcome/failure.ts';
import type { Connection } from '../../../postgres/connect.ts';
import { quote, quoteText } from '../../../sql/quote.ts';
import type { KindGroup, Listed, ListedPlace } from './parityKind.ts';

const CURSOR = 'sealift_parity';

/** The search path in which definitions are written, and in which their statements work. */
export function pathOf(schema: string): string {
  return `${quote(schema)}, pg_catalog, pg_temp`;
}

/** Returns how messages name a schema. */
export function placeName(schema: string): string {
  return `schema ${JSON.stringify(schema)}`;
}

/** Lists the objects of a schema. @throws Failure */
export async function listSchema(
  connection: Connection,
  groups: readonly KindGroup[],
  place: ListedPlace,
): Promise<Listed[]> {
  await assertOwnOperators(connection, place);
  const listed: Listed[] = [];
  for (const { query } of groups) {
    for (const row of await readIn(connection, place.schema, query(place))) {
      listed.push(JSON.parse(row) as Listed);
    }
  }
  return listed;
}

/** Returns the first column of a query that is executed with the schema in the search path. */
export async function readIn(
  connection: Connection,
  schema: string,
  sql: string,
): Promise<string[]> {
  const [[before = ''] = []] = await connection.query(`SELECT current_setting('search_path')`);
  const rows = await connection.query(
    `DECLARE ${CURSOR} NO SCROLL CURSOR FOR ${sql};
    SET LOCAL search_path = ${pathOf(schema)};
    FETCH ALL FROM ${CURSOR}`,
    placeName(schema),
  );
  await connection.query(
    `CLOSE ${CURSOR}; SELECT pg_catalog.set_config('search_path', ${quoteText(before ?? '')}, true)`,
  );
  return rows.map(([text]) => String(text));
}

/**
 * The server itself reads views and rules by queries of its own, in the path that is set then.
 * @throws Failure TARGET if the schema has an operator that would stand in for the server's
 */
async function assertOwnOperators(connection: Connection, { schema }: ListedPlace): Promise<void> {
  const [found] = await connection.query(`SELECT o.oid::regoperator
    FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
    WHERE n.nspname = ${quoteText(schema)} AND o.oprname = '='
      AND o.oprleft = o.oprright AND o.oprleft IN ('oid'::regtype, 'name'::regtype)`);
  if (found === undefined) return;
  throw new Failure('TARGET', {
    what: `the schema has an operator that stands in for one of the server: ${String(found[0])}`,
    where: `${connection.label}, ${placeName(schema)}`,
    hint: 'move it to another schema, or drop it',
  });
}
