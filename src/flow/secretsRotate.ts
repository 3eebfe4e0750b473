/**
 * secrets rotate: adds a new secret to an endpoint, which is accepted from now on beside the one in use.
 * In an emergency it takes the place of all others at once.
 */

import { timingSafeEqual } from 'node:crypto';

import { openSecrets, sealSecret, type EndpointSecrets } from '../crypto/secretsText.ts';
import {
  replaceSecretsAtOnce,
  rotateSecret,
  type SecretRecords,
} from '../crypto/webhookSecrets.ts';
import { assertSecret } from '../crypto/webhookSignature.ts';
import { parseKeySource, readSecretText, type KeySource } from '../mapping/keyFile.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import {
  changeEndpoint,
  changerOf,
  endpointNamed,
  keyHost,
  keyOf,
  sourceBelow,
  type Change,
  type Endpoint,
} from '../project/endpointFile.ts';
import type { Environment } from '../run/environment.ts';

export interface SecretsRotateOptions {
  readonly project: string;
  readonly name: string;
  /** Where the new secret comes from, as written. */
  readonly from: string;
  readonly force: boolean;
  /** Whether all other secrets are revoked at once. */
  readonly emergency: boolean;
  readonly who: string | null;
}

const COMMAND = 'secrets rotate';
const NONCE_BYTES = 12;

/** Adds a secret. @throws Failure USAGE if a rotation is under way, or the secret is there already */
export async function secretsRotate(
  options: SecretsRotateOptions,
  env: Environment,
): Promise<Outcome> {
  const { project, name, emergency } = options;
  const forced = options.force || emergency;
  const who = await changerOf({ project, who: options.who, forced }, env);
  const declared = await endpointNamed(project, name);
  const key = keyOf(declared, project, env);
  const source = sourceBelow(sourceOf(options.from), env.cwd);
  const secret = readSecretText(name, source, keyHost(env));
  assertSecret(declared.kind, { id: name, secret });
  let id = '';
  const work = { project, name, command: COMMAND, who, replaces: emergency };
  const { secrets } = changeEndpoint(work, declared, env, (endpoint): Change => {
    id = endpoint.nextId;
    // An emergency does not wait for a key that opens the secrets which it revokes.
    if (!emergency) assertNew(endpoint.secrets, secret, openSecrets(endpoint.secrets, key));
    const envelope = sealSecret(declared, { id, secret }, { key, nonce: env.random(NONCE_BYTES) });
    return changeOf(endpoint, { id, envelope }, options, Math.floor(env.now().getTime() / 1000));
  });
  const state = secrets.records.find((record) => record.id === id)?.state ?? 'pending';
  return actionOutcome({
    command: COMMAND,
    facts: { endpoint: name, id, state, kid: key.kid },
    notes: [
      `secret     ${id} is ${state}, and accepted from now on`,
      `key id     ${key.kid}`,
      ...(emergency ? ['all other secrets of the endpoint are revoked'] : []),
      ...(state === 'pending'
        ? ['when the provider signs with it, run sealift secrets promote']
        : ['deliveries are accepted with this secret alone']),
    ],
  });
}

function sourceOf(text: string): KeySource {
  if (/^(?:file|fd|env):/.test(text)) return parseKeySource(text);
  // What was given may be the secret itself, so it is not repeated.
  throw new Failure('USAGE', {
    what: 'the source of the new secret is not understood',
    where: '--from',
    hint: 'use file:PATH, env:NAME or fd:N; a secret is never an argument',
  });
}

function changeOf(
  { secrets: { records } }: Endpoint,
  added: { readonly id: string; readonly envelope: string },
  { force, emergency }: SecretsRotateOptions,
  now: number,
): Change {
  const next = emergency
    ? replaceSecretsAtOnce(records, added, { now })
    : rotateSecret(records, added, { now, force });
  return {
    change: emergency ? 'replace' : 'rotate',
    ids: changedIds(records, next),
    records: next,
    forced: force || emergency,
  };
}

function changedIds(before: SecretRecords, after: SecretRecords): string[] {
  const state = new Map(before.map((record) => [record.id, record.state]));
  return after.filter((record) => state.get(record.id) !== record.state).map(({ id }) => id);
}

/** Refuses a secret that is there already: such a rotation would change nothing. */
function assertNew(
  { name }: EndpointSecrets,
  secret: string,
  opened: readonly { readonly id: string; readonly secret: string }[],
): void {
  const given = Buffer.from(secret);
  const same = opened.find((other) => {
    const bytes = Buffer.from(other.secret);
    return bytes.length === given.length && timingSafeEqual(bytes, given);
  });
  if (same === undefined) return;
  throw new Failure('USAGE', {
    what: `the new secret of "${name}" is the one that "${same.id}" is already`,
    where: '--from',
    hint: 'make a new one at the provider, and give that',
  });
}
