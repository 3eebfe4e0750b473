/** Candidates that are loaded by tests, and what a target holds. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';

import { migrate, succeed, writeMapping } from '../kit/project.ts';
import { newProject } from '../fault/fixture.ts';
import type { Postgres } from '../kit/postgres.ts';

/** A scanned candidate of owners, dogs with photos, and visits; the caller removes the project. */
export async function kennel(rows: number): Promise<string> {
  const project = await newProject(rows);
  await migrate(project);
  await succeed(['scan-all', '--project', project]);
  return project;
}

/** Makes a scanned candidate of hand-written modules, whose rows come from NDJSON files of their names. */
export async function candidateOf(
  project: string,
  modules: Readonly<Record<string, object>>,
  rows: Readonly<Record<string, readonly object[]>>,
  severities: readonly object[] = [],
): Promise<void> {
  mkdirSync(project, { recursive: true });
  for (const [name, list] of Object.entries(rows)) {
    const text = list.map((row) => `${JSON.stringify(row)}\n`).join('');
    writeFileSync(join(project, `${name}.ndjson`), text);
  }
  const names = Object.keys(rows);
  writeMapping(project, {
    sources: Object.fromEntries(names.map((name) => [name, `ndjson:${name}.ndjson`])),
    severities,
    modules: Object.fromEntries(
      Object.entries(modules).map(([name, rest]) => {
        return [name, { source: { name, table: name }, ...rest }];
      }),
    ),
  });
  await migrate(project);
  await succeed(['scan-all', '--project', project]);
}

/** The schema that a load has made in a database; null if there is none. */
export async function schemaIn(server: Postgres, database: string): Promise<string | null> {
  const [[schema = null] = []] = await server.run(
    database,
    `SELECT nspname FROM pg_namespace WHERE nspname LIKE 'sealift\\_\\_%'`,
  );
  return schema;
}

/** Everything in a schema: rows of each table, constraints, identities, and the state of the ledger. */
export async function contentOf(server: Postgres, database: string): Promise<unknown> {
  const schema = await schemaIn(server, database);
  if (schema === null) return null;
  const tables = await server.run(
    database,
    `SELECT relname FROM pg_class WHERE relnamespace = '${schema}'::regnamespace
      AND relkind = 'r' AND relname <> 'sealift_ledger' ORDER BY 1`,
  );
  const rows: unknown[] = [];
  for (const [table] of tables) {
    const found = await server.run(
      database,
      `SELECT count(*), md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM "${schema}"."${table}" t`,
    );
    rows.push([table, ...(found[0] ?? [])]);
  }
  const constraints = await server.run(
    database,
    `SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), condeferrable
      FROM pg_constraint WHERE connamespace = '${schema}'::regnamespace ORDER BY 1, 2`,
  );
  const ledger = await server.run(
    database,
    `SELECT seal_id, data_root, state, completed_at IS NOT NULL, progress FROM "${schema}".sealift_ledger`,
  );
  return { schema, rows, constraints, ledger };
}

/** Everything in an SQLite file: definitions, and rows of each table in order, but for times of the load. */
export function contentOfFile(path: string): unknown {
  const db = new Database(path, { readonly: true, fileMustExist: true });
  try {
    const objects = db.prepare(`SELECT name, sql FROM sqlite_master ORDER BY name`).all();
    const tables = db
      .prepare(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'`)
      .pluck()
      .all() as string[];
    const rows = tables.toSorted().map((name) => {
      const columns = name === 'sealift_ledger' ? 'seal_id, data_root, state, progress' : '*';
      return [name, db.prepare(`SELECT ${columns} FROM "${name}" ORDER BY rowid`).all()];
    });
    return { objects, rows, check: db.pragma('integrity_check', { simple: true }) };
  } finally {
    db.close();
  }
}
