/** An open connection to a bucket: who asks, what the time is there, and how often a request is tried. */

import type { S3Client } from '@aws-sdk/client-s3';

import type { OpenStore } from '../objectStore.ts';
import { exchangeWith, type Exchange } from './exchange.ts';
import { withRetries, type Patience, type Remedies } from './retry.ts';
import { S3Error, s3Failure } from './s3Failure.ts';
import { identityOf, sdkError, sdkOf, type Identity, type Sdk, type SdkModule } from './sdk.ts';
import type { S3Settings } from './s3Settings.ts';
import { signerFor, type Signer } from './sign.ts';

/** Connections beyond those for objects: for lists, and what begins and ends uploads. */
const SPARE = 4;

export interface Session {
  readonly settings: S3Settings;
  readonly label: string;
  readonly identity: Identity;
  readonly signer: Signer;
  /** The time as the server has it. */
  now(): Date;
  /** Does something on the lean path, more than once if need be. @throws S3Error */
  send<T>(name: string, work: (exchange: Exchange) => Promise<T>): Promise<T>;
  /** Does something by the SDK, more than once if need be. @throws S3Error */
  command<T>(name: string, work: (client: S3Client, module: SdkModule) => Promise<T>): Promise<T>;
  /** From now on, a server that was there has more time to come back. */
  opened(): void;
  close(): void;
}

/** How often a server is tried that may never have been there. */
const OPENING_ATTEMPTS = 4;

/** @throws Failure STORE if no region or no credentials are found */
export async function openSession(
  settings: S3Settings,
  patience: Patience,
  options: OpenStore,
): Promise<Session> {
  const { signal, variables } = options;
  const connections = options.concurrency + SPARE;
  let loaded: Sdk | null = null;
  let offset = 0;
  const profile = variables['AWS_PROFILE'];
  const load = sdkOf(settings, patience, connections, profile, () => offset);
  const sdk = async (): Promise<Sdk> => (loaded ??= await load());
  const identity = await identityOf(settings, sdk);
  const signer = signerFor(identity.region);
  let patient: Patience = { ...patience, attempts: Math.min(OPENING_ATTEMPTS, patience.attempts) };
  const now = (): Date => later(options.now(), offset);
  const exchange = exchangeWith({
    base: identity.base,
    signer,
    keys: identity.keys,
    now,
    connections,
    stallMs: patience.stallMs,
    signal,
  });
  const setClock = ({ date }: S3Error): boolean => {
    const difference = date === null ? Number.NaN : Date.parse(date) - options.now().getTime();
    if (Number.isNaN(difference) || Math.abs(difference - offset) < ALIKE_MS) return false;
    offset = difference;
    return true;
  };
  const remedies: Remedies = { setClock, renewKeys: identity.renewKeys };
  // The SDK corrects its clock by itself; it has to be tried again for that.
  const ofSdk: Remedies = { ...remedies, setClock: (error) => setClock(error) || true };
  return {
    settings,
    label: labelOf(settings),
    identity,
    signer,
    now,
    send: (name, work) => withRetries(() => work(exchange), name, patient, remedies, signal),
    command: (name, work) => withRetries(() => bySdk(sdk(), work), name, patient, ofSdk, signal),
    opened() {
      patient = patience;
    },
    close() {
      exchange.close();
      loaded?.client.destroy();
    },
  };
}

/** Clocks that differ by less are the same: the server tells whole seconds. */
const ALIKE_MS = 2000;

function later(time: Date, ms: number): Date {
  const moved = new Date(0);
  moved.setTime(time.getTime() + ms);
  return moved;
}

async function bySdk<T>(
  sdk: Promise<Sdk>,
  work: (client: S3Client, module: SdkModule) => Promise<T>,
): Promise<T> {
  const { client, module } = await sdk;
  try {
    return await work(client, module);
  } catch (error) {
    throw sdkError(error);
  }
}

function labelOf({ bucket, prefix, endpoint }: S3Settings): string {
  const server = endpoint === null ? '' : ` at ${new URL(endpoint).host}`;
  return `s3://${bucket}/${prefix.replace(/\/$/, '')}${server}`.replace(/\/(?= |$)/, '');
}

/** Runs `work`, and turns what the server refuses into a failure of the object, or of the store. */
export async function orFail<T>(
  { label }: Pick<Session, 'label'>,
  key: string | null,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof S3Error ? s3Failure(error, label, key) : error;
  }
}
