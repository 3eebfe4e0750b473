/**
 * Loads a dump that pg_dump wrote as SQL, without psql: statements, rows between `COPY … FROM stdin;` and
 * `\.`, and none of psql's own commands, which begin with a backslash.
 */

import { readFileSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** Loads the file into the database of the URL. */
export async function loadDump(url: string, file: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    let statements: string[] = [];
    const lines = readFileSync(file, 'utf8').split('\n');
    for (let at = 0; at < lines.length; at += 1) {
      const line = lines[at] ?? '';
      if (line.startsWith('\\')) continue;
      if (!/^COPY .* FROM stdin;$/.test(line)) {
        statements.push(line);
        continue;
      }
      await client.query(statements.join('\n'));
      statements = [];
      const end = lines.indexOf('\\.', at);
      const rows = lines.slice(at + 1, end).map((row) => `${row}\n`);
      await pipeline(Readable.from(rows), client.query(copyFrom(line)));
      at = end;
    }
    await client.query(statements.join('\n'));
  } finally {
    await client.end();
  }
}
