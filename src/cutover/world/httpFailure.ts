/** Why there is no answer: errors of a connection as failures, each with its host and nothing else of the request. */

import { Failure } from '../../outcome/failure.ts';

/** A fault that is found while an answer is read. */
export class AnswerFault extends Error {}

interface Reason {
  readonly what: string;
  readonly hint: string;
}

const UNREACHABLE: Reason = { what: 'the host cannot be reached', hint: 'check the network' };
const UNKNOWN_HOST: Reason = { what: 'the host is not known', hint: 'check its name' };
const BROKEN: Reason = {
  what: 'the connection broke before the whole answer was there',
  hint: 'check whether the application runs',
};
const UNTRUSTED: Reason = {
  what: 'the certificate of the host is not trusted',
  hint: 'name the authority that signed it in NODE_EXTRA_CA_CERTS',
};
const EXPIRED: Reason = {
  what: 'the certificate of the host is not valid at this time',
  hint: 'renew it, and check the clock',
};

const REASONS: Readonly<Record<string, Reason>> = {
  ECONNREFUSED: {
    what: 'the host refuses the connection',
    hint: 'check whether the application runs, and its port',
  },
  ENOTFOUND: UNKNOWN_HOST,
  EAI_AGAIN: { what: 'the name of the host cannot be resolved now', hint: 'check the network' },
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  ETIMEDOUT: UNREACHABLE,
  EADDRNOTAVAIL: UNREACHABLE,
  ECONNRESET: BROKEN,
  EPIPE: BROKEN,
  ERR_STREAM_PREMATURE_CLOSE: BROKEN,
  ERR_TLS_CERT_ALTNAME_INVALID: {
    what: 'the certificate of the host is for another name',
    hint: 'check the address',
  },
  CERT_HAS_EXPIRED: EXPIRED,
  CERT_NOT_YET_VALID: EXPIRED,
  EPROTO: { what: 'the host does not speak TLS there', hint: 'check scheme and port' },
  HPE_HEADER_OVERFLOW: {
    what: 'the headers of the answer are too long',
    hint: 'check the application',
  },
};

/** Turns an error of a request into a failure that names the host. */
export function httpFailure(error: unknown, host: string): Failure {
  if (error instanceof Failure) return error;
  const { what, hint } = reasonOf(error);
  return new Failure('TARGET', { what, where: host, hint, cause: error });
}

function reasonOf(error: unknown): Reason {
  if (error instanceof AnswerFault) return { what: error.message, hint: 'check the application' };
  const { code } = Object(error) as { readonly code?: unknown };
  if (typeof code !== 'string') return BROKEN;
  const known = REASONS[code];
  if (known !== undefined) return known;
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_'))
    return REASONS['EPROTO'] ?? BROKEN;
  // Names of OpenSSL, such as SELF_SIGNED_CERT_IN_CHAIN and UNABLE_TO_VERIFY_LEAF_SIGNATURE.
  if (/CERT|_ISSUER_|SIGNATURE/.test(code)) return UNTRUSTED;
  if (code.startsWith('HPE_')) return { what: 'the answer is not HTTP', hint: 'check the port' };
  if (code.startsWith('EAI_')) return UNKNOWN_HOST;
  return BROKEN;
}
