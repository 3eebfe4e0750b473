/**
 * secrets retire: revokes the retiring secret of an endpoint, once the retry window of the provider has
 * passed without a delivery that it alone has matched.
 */

import { isLive, retireSecrets, type SecretRecord } from '../crypto/webhookSecrets.ts';
import { isoTime, leftUntil } from '../outcome/age.ts';
import { grouped } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import {
  changeEndpoint,
  changerOf,
  endpointNamed,
  type Endpoint,
} from '../project/endpointFile.ts';
import type { Environment } from '../run/environment.ts';

export interface SecretsRetireOptions {
  readonly project: string;
  readonly name: string;
  /** Whether it is revoked even if deliveries may still need it. */
  readonly force: boolean;
  readonly who: string | null;
}

const COMMAND = 'secrets retire';

/**
 * Revokes the retiring secret. @throws Failure WAITING while it may be needed, REJECTED if no application reports
 * whether it is, USAGE if none retires
 */
export async function secretsRetire(
  { project, name, force, who }: SecretsRetireOptions,
  env: Environment,
): Promise<Outcome> {
  const operator = await changerOf({ project, who, forced: force }, env);
  const declared = await endpointNamed(project, name);
  const date = env.now();
  const now = Math.floor(date.getTime() / 1000);
  const work = { project, name, command: COMMAND, who: operator };
  let retired: readonly SecretRecord[] = [];
  const { matches } = changeEndpoint(work, declared, env, (endpoint) => {
    const { records } = endpoint.secrets;
    retired = records.filter(({ state }) => state === 'retiring');
    if (!force && retired.length > 0) {
      assertReported(endpoint);
      assertPast(retired, date);
    }
    const ids = retired.map(({ id }) => id);
    return {
      change: 'retire',
      ids,
      records: retireSecrets(records, { now, force }),
      forced: force,
    };
  });
  return actionOutcome({
    command: COMMAND,
    facts: { endpoint: name, retired: retired.map(({ id }) => id), forced: force },
    notes: retired.map(({ id }) => {
      const tally = matches?.tallies.get(id);
      return `secret     ${id} is revoked; ${deliveries(tally?.count ?? 0)} needed it alone`;
    }),
  });
}

function deliveries(count: number): string {
  if (count === 0) return 'no delivery';
  return count === 1 ? '1 delivery' : `${grouped(count)} deliveries`;
}

/** Asserts that the application reports what it matches: that it has reported nothing proves nothing. */
function assertReported({ matches, matchesPath }: Endpoint): void {
  if (matches === null) {
    throw new Failure('REJECTED', {
      what: 'nothing reports whether deliveries still need the old secret',
      where: matchesPath,
      hint: 'have the application make this file when it starts, see docs/webhooks.md, or repeat with --force',
    });
  }
  if (matches.unreadable === null) return;
  throw new Failure('REJECTED', {
    what: `line ${matches.unreadable} of the matches cannot be read`,
    where: matchesPath,
    hint: 'correct or remove it, or repeat with --force',
  });
}

function assertPast(retiring: readonly SecretRecord[], now: Date): void {
  const needed = retiring.find((record) => isLive(record, Math.floor(now.getTime() / 1000)));
  if (needed === undefined) return;
  const end = needed.notAfter ?? 0;
  throw new Failure('WAITING', {
    what: `deliveries may still need the secret "${needed.id}", for ${leftUntil(end, now)}`,
    where: `until ${isoTime(end)}`,
    hint: 'wait until then, or repeat with --force',
  });
}
