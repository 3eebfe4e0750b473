/** The settings of an S3 store: its URL, then the variables of Sealift, then those of AWS. Pure. */

import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';

export const S3_SCHEME = 's3';
export const S3_USAGE = 's3://BUCKET/PREFIX';

/** What the URL says; nulls are taken from the environment. */
export interface S3Place {
  readonly bucket: string | null;
  readonly prefix: string;
}

export interface S3Settings {
  readonly bucket: string;
  /** Stands before every key in the bucket: '' or ends with a slash. */
  readonly prefix: string;
  /** URL of the server; null for AWS. */
  readonly endpoint: string | null;
  /** Null where a profile of AWS names it. */
  readonly region: string | null;
  readonly forcePathStyle: boolean;
  /** Null where they come from the chain of AWS: a profile, a role, the machine. */
  readonly credentials: S3Keys | null;
}

/** Keys that sign requests. */
export interface S3Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

const OWN = 'OBJECT_STORAGE_S3_';

/** Parses what follows `s3:`. @throws Failure USAGE */
export function parsePlace(rest: string): S3Place {
  if (rest === '' || rest === '//') return { bucket: null, prefix: '' };
  const [, bucket = '', prefix = ''] = /^\/\/([^/?#@]+)(?:\/(.*))?$/s.exec(rest) ?? [];
  if (bucket === '') throw usage('the URL of an S3 store is malformed', quoteName(`s3:${rest}`));
  assertBucket(bucket);
  return { bucket, prefix: prefixOf(prefix) };
}

/** Completes what the URL says. @throws Failure USAGE */
export function s3Settings(place: S3Place, variables: Variables): S3Settings {
  const own = (name: string): string | null => given(variables, `${OWN}${name}`);
  const endpoint =
    own('ENDPOINT') ??
    given(variables, 'AWS_ENDPOINT_URL_S3') ??
    given(variables, 'AWS_ENDPOINT_URL');
  if (endpoint !== null) assertEndpoint(endpoint);
  const region =
    own('REGION') ?? given(variables, 'AWS_REGION') ?? given(variables, 'AWS_DEFAULT_REGION');
  const isElsewhere = endpoint !== null && !isAws(endpoint);
  return {
    ...bucketOf(place, variables),
    endpoint,
    // A server that is not of AWS has no regions, but the signature holds one.
    region: region ?? (isElsewhere ? 'us-east-1' : null),
    forcePathStyle: flagOf(own('FORCE_PATH_STYLE')) ?? isElsewhere,
    credentials: keysOf(variables),
  };
}

/** Whether a server is one of AWS. */
export function isAws(endpoint: string | null): boolean {
  return endpoint === null || /\.amazonaws\.com(?:\.cn)?$/.test(new URL(endpoint).hostname);
}

function bucketOf(place: S3Place, variables: Variables): Pick<S3Settings, 'bucket' | 'prefix'> {
  if (place.bucket !== null) return { bucket: place.bucket, prefix: place.prefix };
  const provider = given(variables, 'OBJECT_STORAGE_PROVIDER') ?? S3_SCHEME;
  if (provider !== S3_SCHEME) {
    throw usage('the environment names an object store of another kind', 'OBJECT_STORAGE_PROVIDER');
  }
  const bucket = given(variables, `${OWN}BUCKET`);
  if (bucket === null) throw usage('no bucket is named', `${OWN}BUCKET`);
  assertBucket(bucket);
  return { bucket, prefix: prefixOf(given(variables, `${OWN}PREFIX`) ?? '') };
}

/** Keys of one source only: half of one and half of another sign nothing. */
function keysOf(variables: Variables): S3Keys | null {
  const own = keysNamed(variables, OWN);
  if (own !== null) return own;
  // A profile that is named wins over other keys in the environment, as in AWS's own tools.
  if (given(variables, 'AWS_PROFILE') !== null) return null;
  return keysNamed(variables, 'AWS_');
}

function keysNamed(variables: Variables, start: string): S3Keys | null {
  const accessKeyId = given(variables, `${start}ACCESS_KEY_ID`);
  const secretAccessKey = given(variables, `${start}SECRET_ACCESS_KEY`);
  if (accessKeyId === null && secretAccessKey === null) return null;
  if (accessKeyId === null || secretAccessKey === null) {
    const missing = accessKeyId === null ? 'ACCESS_KEY_ID' : 'SECRET_ACCESS_KEY';
    throw usage('one of the two keys of the object store is missing', `${start}${missing}`);
  }
  const sessionToken = given(variables, `${start}SESSION_TOKEN`);
  return { accessKeyId, secretAccessKey, ...(sessionToken === null ? {} : { sessionToken }) };
}

/** The value of a variable; one that is empty counts as absent. */
function given(variables: Variables, name: string): string | null {
  const value = variables[name]?.trim() ?? '';
  return value === '' ? null : value;
}

function flagOf(text: string | null): boolean | null {
  if (text === null) return null;
  if (/^(?:1|true|yes|on)$/i.test(text)) return true;
  if (/^(?:0|false|no|off)$/i.test(text)) return false;
  throw usage('the value is neither true nor false', `${OWN}FORCE_PATH_STYLE`);
}

function assertBucket(bucket: string): void {
  // Older servers take capitals and underscores; nothing takes a slash or a blank.
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/.test(bucket)) return;
  throw usage('the name of the bucket is not one that S3 takes', quoteName(bucket));
}

function assertEndpoint(endpoint: string): void {
  const url = URL.parse(endpoint);
  const isPlain = url !== null && url.username === '' && url.search === '' && url.hash === '';
  if (isPlain && /^https?:$/.test(url.protocol)) return;
  throw usage('the endpoint of the object store is not a URL like https://host:port', 'ENDPOINT');
}

/** @throws Failure USAGE for a prefix that keys could not be told apart below */
function prefixOf(text: string): string {
  const prefix = text.replace(/\/+$/, '');
  if (prefix === '') return '';
  const names = prefix.split('/');
  if (
    names.some((name) => name === '' || name === '.' || name === '..') ||
    /\p{Cc}/u.test(prefix)
  ) {
    throw usage('the prefix has an empty name, . or .. between its slashes', quoteName(prefix));
  }
  return `${prefix}/`;
}

function usage(what: string, where: string): Failure {
  return new Failure('USAGE', {
    what,
    where,
    hint: `name the store as ${S3_USAGE}, or in OBJECT_STORAGE_S3_BUCKET, and see docs/stores.md`,
  });
}
