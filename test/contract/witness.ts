/**
 * Others that judge what a reader tells of its statements: the log of the server, or a spy on the driver, of what was
 * run; and the source's own shell, which runs a told statement by itself.
 */

import { spawnSync } from 'node:child_process';

import Database from 'better-sqlite3';
import { vi } from 'vitest';

import type { ReadSession } from '../../src/outcome/reading.ts';
import type { Postgres } from '../kit/postgres.ts';

export interface Witness {
  /** Begins to look; what it returns gives the statements since, by session, with bounds as variables. */
  watch(): Promise<() => Promise<readonly (readonly string[])[]>>;
  /** Whether a statement is one that a session may run besides those that it tells: none of them reads rows. */
  readonly isBeside: (statement: string) => boolean;
  /** The first cell of each row that a shell gets by a told statement in such a session; null without the shell. */
  byShell(session: ReadSession, statement: string): string[] | null;
}

/** Runs a script in a shell; null, with a notice, if it is not on this machine. */
function shell(program: string, args: readonly string[], input: string): string | null {
  const ran = spawnSync(program, args, { input, encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (ran.error !== undefined) {
    process.stderr.write(`notice: ${program} is not here; told statements are not run by it\n`);
    return null;
  }
  if (ran.status !== 0 || ran.stderr !== '') throw new Error(`${program}: ${ran.stderr}`);
  return ran.stdout;
}

let marks = 0;

/** A server with the settings of {@link LOGGED}. */
export function serverWitness(server: Postgres, database: string): Witness {
  const linesUntil = async (mark: string): Promise<readonly Logged[]> => {
    await server.run('postgres', `SELECT '${mark}'`);
    for (;;) {
      const [[text] = []] = await server.run(
        'postgres',
        "SELECT pg_read_file(pg_current_logfile('jsonlog'))",
      );
      // The collector writes it a moment later.
      const lines = String(text).split('\n').slice(0, -1);
      const at = lines.findIndex((line) => line.includes(mark));
      if (at >= 0) return lines.slice(0, at).map((line) => JSON.parse(line) as Logged);
    }
  };
  return {
    async watch() {
      const before = await linesUntil(`mark ${(marks += 1)}`);
      return async () => {
        const all = await linesUntil(`mark ${(marks += 1)}`);
        const sessions = Map.groupBy(all.slice(before.length), ({ pid }) => pid);
        return [...sessions.values()].map((lines) => lines.flatMap(({ message }) => ran(message)));
      };
    },
    isBeside: (statement) =>
      /^(?:SELECT (?:pg_backend_pid\(\), )?current_setting\(|SELECT current_user, |LOCK TABLE |SELECT FROM .* LIMIT 0$|SET LOCAL lock_timeout = |SET client_connection_check_interval = )/.test(
        statement,
      ),
    byShell(session, statement) {
      const [snapshot = ''] = session.snapshot.split(',');
      const bounds = { snapshot, from: '(0,0)', to: '(4294967294,0)' };
      const set = Object.entries(bounds).flatMap(([name, value]) => ['-v', `${name}=${value}`]);
      const args = ['-X', '-q', '-v', 'ON_ERROR_STOP=1', ...set, server.url(database)];
      const script = [...session.statements, statement].map((one) => `${one};\n`).join('');
      const rows = shell('psql', args, script)?.split('\n').slice(0, -1);
      return rows?.map((row) => row.split('\t')[0] ?? '') ?? null;
    },
  };
}

/** Settings of a server whose log tells all that it has run. */
export const LOGGED = {
  log_statement: 'all',
  log_destination: 'jsonlog',
  logging_collector: 'on',
} as const;

interface Logged {
  readonly pid: number;
  readonly message: string;
}

/** The statements in a line of the log; names of snapshots and tids of ranges are variables. */
function ran(message: string): string[] {
  const [, text] = /^(?:statement|execute .*?): (.*)$/s.exec(message) ?? [];
  if (text === undefined) return [];
  const variable = text
    .replace(/(SNAPSHOT )'[^']*'$/, "$1:'snapshot'")
    .replace(/>= '\(\d+,0\)'(?=::pg_catalog\.tid)/, ">= :'from'")
    .replace(/< '\(\d+,0\)'(?=::pg_catalog\.tid)/, "< :'to'");
  return variable.startsWith('SET SESSION ') ? variable.split('; ') : [variable];
}

/** Methods, called with a database as `this`. */
type Prepare = (this: Database.Database, sql: string) => Database.Statement;
type Exec = (this: Database.Database, sql: string) => Database.Database;
type Iterate = (...bounds: unknown[]) => IterableIterator<unknown>;

/** A database in this file, read in this process. */
export function fileWitness(file: string): Witness {
  return {
    async watch() {
      const sessions = new Map<Database.Database, string[]>();
      const note = (session: Database.Database, sql: string): void => {
        sessions.set(session, [...(sessions.get(session) ?? []), sql]);
      };
      const prepare = Reflect.get(Database.prototype, 'prepare') as Prepare;
      const exec: Exec = Reflect.get(Database.prototype, 'exec');
      const spies = [
        vi.spyOn(Database.prototype, 'prepare').mockImplementation(function (
          this: Database.Database,
          sql: string,
        ) {
          const statement = prepare.call(this, sql);
          const iterate = statement.iterate.bind(statement) as Iterate;
          // Noted when it runs, not when it is prepared.
          return Object.assign(statement, {
            iterate: (...bounds: unknown[]) => {
              note(this, sql);
              return iterate(...bounds);
            },
          });
        }),
        vi.spyOn(Database.prototype, 'exec').mockImplementation(function (
          this: Database.Database,
          sql: string,
        ) {
          note(this, sql);
          return exec.call(this, sql);
        }),
      ];
      return async () => {
        for (const spy of spies) spy.mockRestore();
        return [...sessions.values()];
      };
    },
    isBeside: (statement) => !/ FROM main\."people"/.test(statement) && / FROM /.test(statement),
    byShell(session, statement) {
      const script = [
        '.parameter init',
        '.parameter set :first -9223372036854775808',
        '.parameter set :last 9223372036854775807',
        '.mode json',
        ...session.statements.map((one) => `${one};`),
        `${statement};`,
      ];
      const text = shell('sqlite3', ['-batch', file], `${script.join('\n')}\n`);
      if (text === null) return null;
      const rows = (text === '' ? [] : JSON.parse(text)) as Readonly<Record<string, unknown>>[];
      return rows.map((row) => String(Object.values(row)[0]));
    },
  };
}
