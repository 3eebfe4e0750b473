/**
 * The six queries that a rollout is watched by, over the table `imports`. A window is `:since` up to before
 * `:until`, by the beginning of an import.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const IMPORTS = `CREATE TABLE imports (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id text NOT NULL,
  version text NOT NULL CHECK (version IN ('v1', 'v2')),
  status text NOT NULL CHECK (status IN ('processing', 'completed', 'failed')),
  error_type text,
  ms integer,
  created_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  CHECK ((status = 'processing') = (finished_at IS NULL)),
  CHECK ((status = 'failed') = (error_type IS NOT NULL))
);
CREATE INDEX imports_created_at ON imports (created_at);
`;

const WINDOW = 'created_at >= :since AND created_at < :until';
const FINISHED = `finished_at IS NOT NULL AND ${WINDOW}`;

/** Upper bounds of the buckets of durations: 1, 2, 5, 10, 30 minutes. */
const BOUNDS_MS = [60_000, 120_000, 300_000, 600_000, 1_800_000];

export interface QueryOptions {
  /** How long an import may be under way before it is stuck, as an interval of PostgreSQL. */
  readonly stuckAfter: string;
}

/** Writes q1.sql to q6.sql into a folder, which is made if it is not there. */
export function writeQueries(folder: string, options: QueryOptions): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, sql] of Object.entries(queriesOf(options))) {
    writeFileSync(join(folder, `${name}.sql`), sql);
  }
}

function queriesOf({ stuckAfter }: QueryOptions): Readonly<Record<string, string>> {
  return {
    q1: `-- Query 1: of the imports that have ended, those that have ended well
SELECT version, count(*) FILTER (WHERE status = 'completed') AS part, count(*) AS "of"
FROM imports WHERE ${FINISHED} GROUP BY version ORDER BY version
`,
    q2: `-- Query 2: imports that are stuck now
SELECT count(*) FROM imports
WHERE status = 'processing' AND created_at < now() - interval '${stuckAfter}'
`,
    q3: `-- Query 3: how long imports have taken, by buckets in milliseconds; the last one has no bound
SELECT version, upto, count(*) AS n FROM (
  SELECT version, (SELECT min(bound) FROM unnest(ARRAY[${BOUNDS_MS.join(', ')}]) AS bound WHERE ms <= bound) AS upto
  FROM imports WHERE ${FINISHED}
) AS taken GROUP BY version, upto ORDER BY version, upto NULLS LAST
`,
    q4: `-- Query 4: types of errors; the row without a type has all imports that have ended
SELECT version, error_type AS kind, count(*) AS n
FROM imports WHERE error_type IS NOT NULL AND ${WINDOW} GROUP BY version, error_type
UNION ALL
SELECT version, '' AS kind, count(*) AS n
FROM imports WHERE ${FINISHED} GROUP BY version
ORDER BY version, kind
`,
    q5: `-- Query 5: of the imports that have ended, those that took more than 30 minutes
SELECT version, count(*) FILTER (WHERE ms > ${BOUNDS_MS.at(-1)}) AS part, count(*) AS "of"
FROM imports WHERE ${FINISHED} GROUP BY version ORDER BY version
`,
    q6: `-- Query 6: recent imports, minute by minute
SELECT date_trunc('minute', created_at) AS minute, version, count(*) AS n
FROM imports WHERE ${WINDOW} GROUP BY minute, version ORDER BY minute DESC, version
`,
  };
}
