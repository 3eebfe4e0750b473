/** What an S3 server answers instead of doing it: as an error to be retried, or as a failure with its hint. Pure. */

import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';

/** An answer that is an error, or no answer at all. */
export class S3Error extends Error {
  override readonly name = 'S3Error';
  /** HTTP status; 0 if there was no answer. */
  readonly status: number;
  /** S3's code, such as NoSuchKey, or that of the system, such as ECONNRESET. */
  readonly code: string;
  /** How long the server wants to be left alone. */
  readonly retryAfterMs: number | null;
  /** The region that the server names as the right one. */
  readonly region: string | null;
  /** The time of the server, as its header has it. */
  readonly date: string | null;

  constructor(detail: {
    readonly status: number;
    readonly code: string;
    readonly retryAfterMs?: number | null;
    readonly region?: string | null;
    readonly date?: string | null;
    readonly cause?: unknown;
  }) {
    super(`${detail.status} ${detail.code}`, { cause: detail.cause });
    this.status = detail.status;
    this.code = detail.code;
    this.retryAfterMs = detail.retryAfterMs ?? null;
    this.region = detail.region ?? null;
    this.date = detail.date ?? null;
  }
}

/** Codes that pass by themselves, whatever their status. */
const PASSING = new Set([
  'SlowDown',
  'RequestTimeout',
  'InternalError',
  'ServiceUnavailable',
  'OperationAborted',
  'ConditionalRequestConflict',
  'ConcurrentModification',
  'Throttling',
  'ThrottlingException',
  'TooManyRequests',
]);
/** Bytes that were changed on their way; the next time they may arrive. */
export const CORRUPTED: ReadonlySet<string> = new Set([
  'BadDigest',
  'XAmzContentSHA256Mismatch',
  'IncompleteBody',
]);
/** Errors that no second attempt changes, although there was no answer. */
const LASTING = new Set([
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'EPROTO',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Whether it may succeed when it is tried again. */
export function isPassing({ status, code }: S3Error): boolean {
  if (status === 0) return !LASTING.has(code);
  if (PASSING.has(code) || CORRUPTED.has(code)) return true;
  // 501 is not implemented, and stays so.
  return status === 408 || status === 409 || status === 429 || (status >= 500 && status !== 501);
}

interface Explanation {
  readonly what: string;
  readonly hint: string;
}

const KEYS = 'OBJECT_STORAGE_S3_ACCESS_KEY_ID and OBJECT_STORAGE_S3_SECRET_ACCESS_KEY';
const EXPIRED: Explanation = {
  what: 'the credentials for the object store have expired',
  hint: 'get new ones, with their OBJECT_STORAGE_S3_SESSION_TOKEN, then run again',
};
const REGION: Explanation = {
  what: 'the bucket is in another region',
  hint: 'set OBJECT_STORAGE_S3_REGION to the region of the bucket',
};

/** Errors that concern the whole store. */
const STORE: Readonly<Record<string, Explanation>> = {
  AccessDenied: {
    what: 'the object store denies access',
    hint: 'allow these credentials to list, read, write and remove objects in the bucket, and to list and abort uploads',
  },
  AllAccessDisabled: {
    what: 'all access to the bucket is disabled',
    hint: 'see the account of the provider',
  },
  AuthorizationHeaderMalformed: REGION,
  ExpiredToken: EXPIRED,
  ExpiredTokenException: EXPIRED,
  TokenRefreshRequired: EXPIRED,
  InvalidToken: {
    what: 'the object store does not know the session token',
    hint: 'check OBJECT_STORAGE_S3_SESSION_TOKEN; keys that do not expire have none',
  },
  InvalidAccessKeyId: {
    what: 'the object store does not know the access key',
    hint: `check ${KEYS}, and that the endpoint is the one that they belong to`,
  },
  SignatureDoesNotMatch: {
    what: 'the object store rejects the signature: the secret key is wrong',
    hint: `check ${KEYS}`,
  },
  NoSuchBucket: {
    what: 'there is no such bucket',
    hint: 'create it, or check its name, OBJECT_STORAGE_S3_ENDPOINT and OBJECT_STORAGE_S3_FORCE_PATH_STYLE',
  },
  InvalidBucketName: {
    what: 'the object store does not take the name of the bucket',
    hint: 'check the name of the bucket',
  },
  PermanentRedirect: REGION,
  TemporaryRedirect: REGION,
  IllegalLocationConstraintException: REGION,
  RequestTimeTooSkewed: {
    what: 'the clock of this machine and that of the object store differ, even after a correction',
    hint: 'set the clock of this machine, or that of the server',
  },
  QuotaExceeded: {
    what: 'the quota of the object store is used up',
    hint: 'raise it or free space, then run again',
  },
  XMinioStorageFull: {
    what: 'the object store is full',
    hint: 'free space, then run again',
  },
  AccountProblem: {
    what: 'the account of the object store has a problem',
    hint: 'see the account of the provider',
  },
};

/** Turns an error that remains into a failure: of one object, or of the store. */
export function s3Failure(error: S3Error, label: string, key: string | null): Failure {
  const explained = explain(error);
  if (explained !== null) {
    return new Failure('STORE', { ...explained, where: label, cause: error });
  }
  if (key === null) {
    return new Failure('STORE', {
      what: `the object store answers ${answerOf(error)}`,
      where: label,
      hint: 'check the endpoint and the bucket',
      cause: error,
    });
  }
  return new Failure('OBJECT', {
    what: CORRUPTED.has(error.code)
      ? 'the object store received other bytes than were sent'
      : `the object store refuses the object with ${answerOf(error)}`,
    where: quoteName(key),
    hint: CORRUPTED.has(error.code)
      ? 'check the network and the memory of this machine, then run again'
      : 'see the documentation of the server for this code',
    cause: error,
  });
}

function explain(error: S3Error): Explanation | null {
  const known = STORE[error.code];
  if (known !== undefined) {
    const { region } = error;
    if (region === null || known !== REGION) return known;
    return { what: REGION.what, hint: `set OBJECT_STORAGE_S3_REGION=${quoteName(region)}` };
  }
  if (error.status === 507) return STORE['XMinioStorageFull'] ?? null;
  if (error.status === 301 || error.status === 307) return REGION;
  if (error.status === 401 || error.status === 403) return STORE['AccessDenied'] ?? null;
  if (error.status === 0 && LASTING.has(error.code)) {
    return {
      what: `the certificate or protocol of the object store cannot be trusted (${error.code})`,
      hint: 'check the endpoint; a certificate of your own is named by NODE_EXTRA_CA_CERTS',
    };
  }
  if (isPassing(error) && !CORRUPTED.has(error.code)) {
    return {
      what: `the object store does not answer as it should (${answerOf(error)}), however often it is tried`,
      hint: 'check that the server runs and can be reached at its endpoint, then run again',
    };
  }
  return null;
}

function answerOf({ status, code }: S3Error): string {
  return status === 0 ? code : code === '' ? `status ${status}` : `${code} (status ${status})`;
}
