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

/** Loads the SDK and sets it up. @throws Failure STORE if no region or no credentials are found */
export async function loadSdk(
  settings: S3Settings,
  patience: Patience,
  connections: number,
  profile: string | undefined,
): Promise<Sdk> {
  const module = await import('@aws-sdk/client-s3');
  const client = new module.S3Client(configOf(settings, patience, connections, profile));
  const keysFrom = async (forceRefresh: boolean): Promise<S3Keys> => {
    try {
      return keysOf(await client.config.credentials({ forceRefresh }));
    } catch (error) {
      throw noCredentials(error);
    }
  };
  let last = await keysFrom(false);
  const keys = async (): Promise<S3Keys> => (last = await keysFrom(false));
  const region = await regionOf(client);
  return {
    module,
    client,
    region,
    base: baseOf(client, settings, region),
    keys,
    lastKeys: () => last,
    async renewKeys() {
      const before = last.accessKeyId;
      last = await keysFrom(true);
      return last.accessKeyId !== before;
    },
  };
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

function baseOf(client: S3Client, settings: S3Settings, region: string): URL {
  const { endpoint, bucket, forcePathStyle } = settings;
  const { url } = client.config.endpointProvider({
    Bucket: bucket,
    Region: region,
    ForcePathStyle: forcePathStyle,
    UseFIPS: false,
    UseDualStack: false,
    ...(endpoint === null ? {} : { Endpoint: endpoint }),
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
