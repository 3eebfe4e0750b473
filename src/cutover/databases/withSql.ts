/** Opens the database of a step for some work, and closes it whatever happens. */

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
