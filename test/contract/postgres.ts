/** PostgreSQL servers as the suite of the contract sees them: each version that is on this machine. */

import { postgresAdapter } from '../../src/source/postgres.ts';
import { quoteText } from '../../src/sql/quote.ts';
import { PASSWORD, postgresHome, startPostgres, type Postgres } from '../kit/postgres.ts';
import type { Cells, Subject } from './subjects.ts';
import { LOGGED, serverWitness } from './witness.ts';

const VERSIONS = [18, 15];

function cellsSql(rows: readonly Cells[]): string {
  const tuples = rows.map((cells) => {
    return `(${cells.map((cell) => (cell === null ? 'NULL' : quoteText(cell))).join()})`;
  });
  return `CREATE TABLE people (id text, name text, note text); CREATE TABLE "Zoo" (id text);
    INSERT INTO people VALUES ${tuples.join()}`;
}

export const POSTGRES: readonly Subject[] = VERSIONS.map((version): Subject => {
  const running: Postgres[] = [];
  return {
    name: `postgres ${version}`,
    adapter: postgresAdapter,
    elsewhere: {
      file: new URL('../../src/source/postgres.ts', import.meta.url).href,
      adapter: 'm.postgresAdapter',
    },
    available: async () => postgresHome(version) !== null,
    inSql: 'public.people',
    cannotHold: ['\u0000'],
    secret: PASSWORD,
    async write(_folder, rows) {
      const server = await startPostgres({ version, settings: LOGGED });
      running.push(server);
      const url = await server.create('school', cellsSql(rows));
      return postgresAdapter.parse(url.slice('postgres:'.length), '/');
    },
    witness() {
      const server = running.at(-1);
      if (server === undefined) throw new Error('no server was started');
      return serverWitness(server, 'school');
    },
    async end() {
      await Promise.all(running.splice(0).map((server) => server.stop()));
    },
  };
});
