/** A rollout that is played: its metrics are what the test says, on the clock of the test. */

import type { SqlClient, SqlPage, SqlValue, World } from '../../../src/cutover/world/world.ts';
import { stage, type Stage } from '../engine/play.ts';

export const HOUR = 3_600_000;

/** What a query of a metric gives: rows by columns, for the window that it is asked for. */
export interface Asked {
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly until: number;
}
export type Answer = (asked: Asked) => SqlPage | Error;

export interface PlayedMetrics {
  readonly play: Stage;
  /** By the name of the query. */
  readonly answers: Record<string, Answer>;
}

export function page(
  columns: readonly string[],
  ...rows: readonly (readonly SqlValue[])[]
): SqlPage {
  return { columns, rows };
}

/** One number. */
export function number(value: number): SqlPage {
  return page(['n'], [String(value)]);
}

/** A world in which queries answer, and nothing else is there. */
export function metrics(answers: Record<string, Answer>): PlayedMetrics {
  const play = stage();
  play.world = { openSql: async () => clientOf(answers), files: filesOf(answers) };
  return { play, answers };
}

function filesOf(answers: Record<string, Answer>): World['files'] {
  return {
    read: (path) =>
      Object.hasOwn(answers, path)
        ? Buffer.from(`SELECT * FROM "${path}" WHERE at >= :since AND at < :until`)
        : null,
    place: (path) => path,
    matching: () => [],
  };
}

const none = (): never => {
  throw new Error('not played');
};

function clientOf(answers: Record<string, Answer>): SqlClient {
  return {
    dialect: 'postgresql',
    label: 'played',
    async query(sql, [since, until] = []) {
      const [, name = ''] = /FROM "([^"]+)"/.exec(sql) ?? [];
      const [from, to] = [since, until].map((time) => Date.parse(String(time)));
      const answer = answers[name]?.({ since: from ?? 0, until: to ?? 0 });
      if (answer instanceof Error) throw answer;
      return answer ?? page([]);
    },
    pages: none,
    script: none,
    transaction: none,
    close: async () => {},
  };
}
