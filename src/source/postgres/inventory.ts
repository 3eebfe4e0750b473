/**
 * Lists the objects of a PostgreSQL database that may hold rows, independently of the reader of the
 * catalogue: it shares no query, no list of kinds and no rule about schemas with it.
 */

import type { Connection } from '../../postgres/connect.ts';
import { compareNames } from '../nameOrder.ts';
import type { CataloguedObject } from '../source.ts';

/** Objects of the server itself have oids below 16384; `public` is the one schema that it makes for users. */
const OBJECTS = `
  SELECT s.nspname || '.' || o.relname, s.nspname, o.relname, o.relkind
  FROM pg_catalog.pg_class o, pg_catalog.pg_namespace s
  WHERE s.oid = o.relnamespace AND o.oid >= 16384 AND NOT o.relispartition
    AND o.relkind NOT IN ('i', 'I', 'S', 't', 'c') AND NOT pg_catalog.pg_is_other_temp_schema(s.oid)
  UNION ALL
  SELECT DISTINCT 'pg_catalog.pg_largeobject', 'pg_catalog', 'pg_largeobject', 'r'::"char"
  FROM pg_catalog.pg_largeobject_metadata`;

/** Lists the objects, by name. @throws Failure */
export async function listObjects(connection: Connection): Promise<CataloguedObject[]> {
  const rows = await connection.query(OBJECTS);
  const objects = rows.map(([, schema, table, kind]): CataloguedObject => {
    const parts = [String(schema), String(table)];
    const plain = parts.map((part) => {
      return part.includes('.') || part.includes('"') ? `"${part.replaceAll('"', '""')}"` : part;
    });
    const name = plain[0] === 'public' ? plain[1] : plain.join('.');
    return { name: String(name), kind: kind === 'v' ? 'view' : isTable(kind) ? 'table' : 'entry' };
  });
  return objects.sort((a, b) => compareNames(a.name, b.name));
}

function isTable(kind: string | null | undefined): boolean {
  return kind === 'r' || kind === 'p' || kind === 'm' || kind === 'f';
}
