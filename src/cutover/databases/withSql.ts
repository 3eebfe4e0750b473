/** Opens the database of a step for some work, and closes it whatever happens. */

import { Failure } from '../../outcome/failure.ts';
import type { StepWork } from '../steps/stepType.ts';
import type { SqlClient, SqlOptions } from '../world/world.ts';

/** Name of the input of a step. Steps of databases have one, if only the usual one. */
export function inputOfStep({ input }: Pick<StepWork, 'input'>): string {
  if (input === null) throw new TypeError('a step on a database without an input');
  return input;
}

/** @throws Failure, or the reason of the signal */
export async function withSql<T>(
  step: Pick<StepWork, 'input' | 'world' | 'signal'>,
  options: Pick<SqlOptions, 'readOnly' | 'database'> & { readonly signal?: AbortSignal },
  work: (client: SqlClient) => Promise<T>,
): Promise<T> {
  const client = await step.world.openSql(inputOfStep(step), { signal: step.signal, ...options });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/** Opens a database of PostgreSQL. @throws Failure USAGE for one of another kind */
export function onPostgres<T>(
  step: Pick<StepWork, 'input' | 'world' | 'signal'>,
  options: Pick<SqlOptions, 'readOnly' | 'database'> & { readonly signal?: AbortSignal },
  work: (client: SqlClient) => Promise<T>,
): Promise<T> {
  return withSql(step, options, async (client) => {
    if (client.dialect === 'postgresql') return work(client);
    throw new Failure('USAGE', {
      what: 'the step is for PostgreSQL, and the input is a database of SQLite',
      where: `input ${inputOfStep(step)}`,
      hint: 'name another input with `on`',
    });
  });
}
