/** Large objects, read as a table of their own: each is a blob. */

import type { Connection } from '../../postgres/connect.ts';
import type { TableSchema } from '../source.ts';
import type { TableAccess } from './catalogue.ts';
import { formOf } from './cellForm.ts';

/** Name under which large objects are read: users cannot create a table of this name. */
const LARGE_OBJECTS = 'pg_catalog.pg_largeobject';

/** Adds the large objects of the database as a table, if there are any. */
export async function addLargeObjects(
  connection: Connection,
  tables: TableSchema[],
  access: TableAccess[],
): Promise<void> {
  const [[found] = []] = await connection.query(
    'SELECT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata)',
  );
  if (found !== 't') return;
  tables.push({
    name: LARGE_OBJECTS,
    schema: 'pg_catalog',
    kind: 'table',
    columns: ['oid', 'content'].map((name) => {
      const declaredType = name === 'oid' ? 'oid' : 'bytea';
      return { name, declaredType, notNull: true, generated: false };
    }),
    primaryKey: ['oid'],
    unique: [],
    foreignKeys: [],
  });
  access.push({
    name: LARGE_OBJECTS,
    from: 'pg_catalog.pg_largeobject_metadata',
    parts: null,
    columns: [
      { name: 'oid', form: formOf({ name: 'oid', isArray: false, element: null, delimiter: ',' }) },
      {
        name: 'content',
        form: formOf({ name: 'bytea', isArray: false, element: null, delimiter: ',' }),
        sql: 'pg_catalog.lo_get(oid)',
      },
    ],
  });
}
