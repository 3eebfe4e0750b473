/**
 * The SDK of AWS, for all that is not done for every object: lists, removals, uploads in parts, and
 * where credentials come from. It is loaded when a store is opened, as that takes its time.
 */

import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';

import { Failure } from '../../outcome/failure.ts';
import { retryAfterOf, unanswered } from './exchange.ts';
import type { Patience } from './retry.ts';
import { S3Error } from './s3Failure.ts';
import type { S3Keys, S3Settings } from './s3Settings.ts';

export type SdkModule = typeof import('@aws-sdk/client-s3');

export interface Sdk {
  readonly module: SdkModule;
  readonly client: S3Client;
}

/** Who signs requests, and where they go. */
export interface Identity {
  readonly region: string;
  /** URL of the bucket, without a slash at its end. */
  readonly base: URL;
  /** The credentials that were given last. */
  readonly lastKeys: () => S3Keys;
  /** Credentials that have not expired. @throws Failure STORE */
  readonly keys: () => Promise<S3Keys>;
  /** Fetches credentials again; false if they are the same. */
  readonly renewKeys: () => Promise<boolean>;
}

/** Returns what loads the SDK and sets it up when it is first needed; `offset` is by how much its clock is ahead. */
export function sdkOf(
  settings: S3Settings,
  patience: Patience,
  connections: number,
  profile: string | undefined,
  offset: () => number,
): () => Promise<Sdk> {
  let loaded: Promise<Sdk> | null = null;
  return () => {
    loaded ??= import('@aws-sdk/client-s3').then((module) => ({
      module,
      client: new module.S3Client({
        ...configOf(settings, patience, connections, profile),
        systemClockOffset: offset(),
      }),
    }));
    return loaded;
  };
}

/** Finds out who signs; the SDK only if the settings leave it open. @throws Failure STORE */
export async function identityOf(settings: S3Settings, sdk: () => Promise<Sdk>): Promise<Identity> {
  const { credentials, endpoint, region } = settings;
  if (credentials !== null && endpoint !== null && region !== null) {
    return {
      region,
      base: baseAt(endpoint, settings),
      lastKeys: () => credentials,
      keys: async () => credentials,
      renewKeys: async () => false,
    };
  }
  const { client } = await sdk();
  return identityBySdk(client, settings);
}

async function identityBySdk(client: S3Client, settings: S3Settings): Promise<Identity> {
  const keysFrom = async (forceRefresh: boolean): Promise<S3Keys> => {
    try {
      return keysOf(await client.config.credentials({ forceRefresh }));
    } catch (error) {
      throw noCredentials(error);
    }
  };
  const region = await regionOf(client);
  let last = await keysFrom(false);
  return {
    region,
    base: await baseBySdk(client, settings, region),
    lastKeys: () => last,
    keys: async () => (last = await keysFrom(false)),
    async renewKeys() {
      const before = last.accessKeyId;
      last = await keysFrom(true);
      return last.accessKeyId !== before;
    },
  };
}

/** The bucket in the path of the endpoint, or in the name of its host. */
function baseAt(endpoint: string, { bucket, forcePathStyle }: S3Settings): URL {
  const base = new URL(endpoint);
  const path = base.pathname.replace(/\/+$/, '');
  if (forcePathStyle) base.pathname = `${path}/${bucket}`;
  else {
    base.hostname = `${bucket}.${base.hostname}`;
    base.pathname = path;
  }
  return base;
}

function configOf(
  { endpoint, region, forcePathStyle, credentials }: S3Settings,
  { stallMs }: Patience,
  connections: number,
  profile: string | undefined,
): S3ClientConfig {
  const agent = { keepAlive: true, maxSockets: connections };
  return {
    ...(endpoint === null ? {} : { endpoint }),
    ...(region === null ? {} : { region }),
    ...(credentials === null ? {} : { credentials }),
    ...(profile === undefined ? {} : { profile }),
    forcePathStyle,
    // Attempts are counted in one place, which is ours.
    maxAttempts: 1,
    // Other sums are computed in JavaScript, or sent in a form that not every server takes.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    expectContinueHeader: false,
    requestHandler: {
      httpAgent: agent,
      httpsAgent: agent,
      connectionTimeout: stallMs,
      requestTimeout: stallMs,
      throwOnRequestTimeout: true,
    },
  };
}

function keysOf({
  accessKeyId,
  secretAccessKey,
  sessionToken,
}: {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}): S3Keys {
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

function noCredentials(cause: unknown): Failure {
  return new Failure('STORE', {
    what: 'no credentials for the object store are found',
    where: 'OBJECT_STORAGE_S3_ACCESS_KEY_ID',
    hint: 'set it and OBJECT_STORAGE_S3_SECRET_ACCESS_KEY, or the variables or a profile of AWS',
    cause,
  });
}

async function regionOf(client: S3Client): Promise<string> {
  try {
    return await client.config.region();
  } catch (cause) {
    throw new Failure('STORE', {
      what: 'no region of the object store is named',
      where: 'OBJECT_STORAGE_S3_REGION',
      hint: 'set it to the region of the bucket, or AWS_REGION, or the endpoint of another server',
      cause,
    });
  }
}

async function baseBySdk(client: S3Client, settings: S3Settings, region: string): Promise<URL> {
  const { endpoint, bucket, forcePathStyle } = settings;
  if (endpoint !== null) return baseAt(endpoint, settings);
  const { url } = client.config.endpointProvider({
    Bucket: bucket,
    Region: region,
    ForcePathStyle: forcePathStyle,
    UseFIPS: false,
    UseDualStack: false,
  });
  const base = new URL(url);
  base.pathname = base.pathname.replace(/\/+$/, '');
  return base;
}

/** Turns an error of the SDK into one of ours; returns others unchanged. */
export function sdkError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof Failure) return error;
  const { $metadata, $response, Code, Region } = error as Error & {
    readonly $metadata?: { readonly httpStatusCode?: number };
    readonly $response?: {
      readonly headers?: Record<string, string>;
      readonly statusCode?: number;
    };
    readonly Code?: unknown;
    readonly Region?: unknown;
  };
  const status = $metadata?.httpStatusCode ?? $response?.statusCode ?? 0;
  if (status === 0) return isOfNetwork(error) ? unanswered(error) : error;
  const headers = $response?.headers ?? {};
  return new S3Error({
    // An error within an answer of status 200, as CompleteMultipartUpload may have it, passes.
    status: status < 300 ? 500 : status,
    code: typeof Code === 'string' ? Code : error.name,
    retryAfterMs: retryAfterOf(headers),
    region: headers['x-amz-bucket-region'] ?? (typeof Region === 'string' ? Region : null),
    date: headers['date'] ?? null,
    cause: error,
  });
}

function isOfNetwork(error: Error): boolean {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' || error.name === 'TimeoutError' || error.name === 'AbortError';
}
