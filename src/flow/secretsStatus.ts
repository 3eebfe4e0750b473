/** secrets status: the secrets of each endpoint by their ids, their states, and how many deliveries need which. */

import type { MatchTally } from '../crypto/secretMatches.ts';
import type { SecretRecord } from '../crypto/webhookSecrets.ts';
import { isLive } from '../crypto/webhookSecrets.ts';
import { isoTime, leftUntil } from '../outcome/age.ts';
import { grouped } from '../outcome/counted.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import {
  declaredEndpoints,
  endpointNamed,
  readEndpoint,
  type Endpoint,
} from '../project/endpointFile.ts';
import type { Environment } from '../run/environment.ts';

export interface SecretsStatusOptions {
  readonly project: string;
  /** Null: all that are declared. */
  readonly name: string | null;
}

/** Lists secrets; needs no key, and writes nothing. @throws Failure */
export async function secretsStatus(
  { project, name }: SecretsStatusOptions,
  env: Environment,
): Promise<Outcome> {
  const declared =
    name === null ? await declaredEndpoints(project) : [await endpointNamed(project, name)];
  const now = env.now();
  const endpoints = declared.map((one) => readEndpoint(one, project, now));
  return actionOutcome({
    command: 'secrets status',
    facts: { endpoints: endpoints.map((endpoint) => factsOf(endpoint, now)) },
    notes: endpoints.flatMap((endpoint) => notesOf(endpoint, now)),
  });
}

function factsOf({ declared, secrets, matches }: Endpoint, now: Date): Record<string, unknown> {
  return {
    endpoint: declared.name,
    kind: declared.kind,
    retryHours: declared.retryHours,
    reported: matches !== null,
    secrets: secrets.records.map((record) => {
      const { id, state, notBefore, notAfter } = record;
      const tally = matches?.tallies.get(id);
      const live = isLive(record, secondsOf(now));
      return {
        id,
        state,
        live,
        notBefore,
        notAfter,
        neededAlone: tally?.count ?? 0,
        lastAlone: tally?.last ?? null,
      };
    }),
  };
}

function notesOf({ declared, secrets, matches, matchesPath }: Endpoint, now: Date): string[] {
  const { name, kind, retryHours } = declared;
  return [
    `${name}: ${kind}, deliveries are sent again for ${retryHours} hours`,
    ...(secrets.records.length === 0
      ? ['  no secret yet: add one with sealift secrets rotate']
      : []),
    ...secrets.records.map((record) => `  ${noteOf(record, matches?.tallies.get(record.id), now)}`),
    ...(matches === null && secrets.records.some(({ state }) => state === 'retiring')
      ? [`  nothing reports whether the old secret is needed: ${matchesPath} is missing`]
      : []),
    ...(matches?.unreadable === null || matches === null
      ? []
      : [`  line ${matches.unreadable} of ${matchesPath} cannot be read`]),
  ];
}

function noteOf(record: SecretRecord, tally: MatchTally | undefined, now: Date): string {
  const { id, state, notBefore, notAfter } = record;
  const since = `since ${isoTime(notBefore)}`;
  const until = notAfter === null ? '' : ` until ${isoTime(notAfter)}`;
  if (state !== 'retiring') return `${id}  ${state}, ${since}${until}`;
  const left = isLive(record, secondsOf(now))
    ? `${leftUntil(notAfter ?? 0, now)} left`
    : 'over, it can be retired';
  const { count, last } = tally ?? { count: 0, last: 0 };
  const needed =
    count === 0
      ? 'no delivery needed it alone'
      : `needed alone ${grouped(count)} ${count === 1 ? 'time' : 'times'}, last at ${isoTime(last)}`;
  return `${id}  ${state}, ${since}${until}: ${left}; ${needed}`;
}

function secondsOf(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
