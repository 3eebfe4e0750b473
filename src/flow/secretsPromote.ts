/**
 * secrets promote: the pending secret of an endpoint becomes the active one. The one before it is accepted
 * until the retry window of the provider has passed without a delivery that needed it.
 */

import { promoteSecret } from '../crypto/webhookSecrets.ts';
import { isoTime } from '../outcome/age.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { changeEndpoint, changerOf, endpointNamed } from '../project/endpointFile.ts';
import type { Environment } from '../run/environment.ts';

export interface SecretsPromoteOptions {
  readonly project: string;
  readonly name: string;
  readonly who: string | null;
}

const COMMAND = 'secrets promote';

/** Promotes the pending secret. @throws Failure USAGE if none is pending */
export async function secretsPromote(
  { project, name, who }: SecretsPromoteOptions,
  env: Environment,
): Promise<Outcome> {
  const operator = await changerOf({ project, who, forced: false }, env);
  const declared = await endpointNamed(project, name);
  const now = Math.floor(env.now().getTime() / 1000);
  const work = { project, name, command: COMMAND, who: operator };
  let ids: string[] = [];
  const { secrets } = changeEndpoint(work, declared, env, (endpoint) => {
    const { records: before, retryWindow } = endpoint.secrets;
    const records = promoteSecret(before, { now, retryWindow });
    ids = records.filter(({ state }, at) => state !== before[at]?.state).map(({ id }) => id);
    return { change: 'promote', ids, records, forced: false };
  });
  const changed = secrets.records.filter(({ id }) => ids.includes(id));
  return actionOutcome({
    command: COMMAND,
    facts: {
      endpoint: name,
      secrets: changed.map(({ id, state, notAfter }) => ({ id, state, notAfter })),
    },
    notes: changed.map(({ id, state, notAfter }) => {
      const until = notAfter === null ? '' : ` until ${isoTime(notAfter)}`;
      return `secret     ${id} is ${state}${until}`;
    }),
  });
}
