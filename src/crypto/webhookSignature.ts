/**
 * Verifies deliveries of webhooks over their raw body: Stripe's `Stripe-Signature` header, and the
 * three headers of Standard Webhooks 1.0. All live secrets are tried, each against all signatures, and
 * every comparison is made in constant time, whichever matches. The timestamp is bounded on both sides.
 */

import { createSecretKey, timingSafeEqual } from 'node:crypto';

import { Failure } from '../outcome/failure.ts';
import { decodeBase64 } from './base64.ts';
import { hmacSha256 } from './plaintextMac.ts';
import { isLive, type SecretRecord } from './webhookSecrets.ts';

/** A record with its secret decrypted, in place of the envelope. */
export interface WebhookSecret extends Omit<SecretRecord, 'envelope'> {
  /** As the provider shows it: `whsec_…`. */
  readonly secret: string;
}

interface Delivery {
  /** The bytes as they arrived: a body that was parsed and written again has other ones. */
  readonly body: Uint8Array;
  readonly secrets: readonly WebhookSecret[];
  /** Unix time, in seconds. */
  readonly now: number;
  /** Seconds that the timestamp may differ from `now`, either way; 300 by default. */
  readonly tolerance?: number;
}

export interface StripeDelivery extends Delivery {
  /** Value of the header `Stripe-Signature`. */
  readonly signature: string | null | undefined;
}

export interface StandardDelivery extends Delivery {
  /** Values of `webhook-id`, `webhook-timestamp` and `webhook-signature`. */
  readonly id: string | null | undefined;
  readonly timestamp: string | null | undefined;
  readonly signature: string | null | undefined;
}

export type Verification =
  | {
      readonly valid: true;
      /** Secrets that match, in the order given. */
      readonly matched: readonly Pick<WebhookSecret, 'id' | 'state'>[];
      /** Id of the one that matched if all that match are retiring: count these. Null if not. */
      readonly retiringAlone: string | null;
      readonly timestamp: number;
    }
  | {
      readonly valid: false;
      readonly reason:
        | 'malformed' // a header is missing or is not written as it has to be
        | 'too-old'
        | 'too-new'
        | 'no-live-secret'
        | 'no-match';
    };

const TOLERANCE = 300;
/** More than any provider sends; each costs a comparison. */
const MOST_SIGNATURES = 16;
const MOST_CHARACTERS = 4096;
const SECONDS = /^[1-9]\d{0,10}$/;

/** Verifies a delivery of Stripe. The key is the whole secret, with its prefix. @throws Failure USAGE */
export function verifyStripe(delivery: StripeDelivery): Verification {
  const header = delivery.signature ?? '';
  if (header.length > MOST_CHARACTERS) return { valid: false, reason: 'malformed' };
  const pairs = header.split(',').map((part) => part.trim());
  const times = pairs.filter((pair) => pair.startsWith('t=')).map((pair) => pair.slice(2));
  const signatures = pairs
    .filter((pair) => /^v1=[0-9a-f]{64}$/.test(pair))
    .map((pair) => Buffer.from(pair.slice(3), 'hex'));
  const [time = ''] = times;
  if (times.length !== 1) return { valid: false, reason: 'malformed' };
  return verify(delivery, { time, signatures, signed: `${time}.`, keyOf: stripeKey });
}

/** Verifies a delivery of Standard Webhooks. The key is what its base64 stands for. @throws Failure USAGE */
export function verifyStandardWebhook(delivery: StandardDelivery): Verification {
  const { id, timestamp, signature } = delivery;
  // A dot in the id would let its end pass for the timestamp, and the timestamp for the body.
  if (!id || id.includes('.') || !timestamp || (signature ?? '').length > MOST_CHARACTERS) {
    return { valid: false, reason: 'malformed' };
  }
  const signatures = (signature ?? '').split(' ').flatMap((part) => {
    const bytes = part.startsWith('v1,') ? decodeBase64(part.slice(3), 'standard') : null;
    return bytes?.length === 32 ? [bytes] : [];
  });
  const signed = `${id}.${timestamp}.`;
  return verify(delivery, { time: timestamp, signatures, signed, keyOf: standardKey });
}

interface Claim {
  readonly time: string;
  readonly signatures: readonly Buffer[];
  /** What is signed before the body. */
  readonly signed: string;
  readonly keyOf: (secret: WebhookSecret) => Uint8Array;
}

function verify(delivery: Delivery, { time, signatures, signed, keyOf }: Claim): Verification {
  const { body, secrets, now, tolerance = TOLERANCE } = delivery;
  if (!SECONDS.test(time) || signatures.length === 0 || signatures.length > MOST_SIGNATURES) {
    return { valid: false, reason: 'malformed' };
  }
  const timestamp = Number(time);
  if (timestamp < now - tolerance) return { valid: false, reason: 'too-old' };
  if (timestamp > now + tolerance) return { valid: false, reason: 'too-new' };
  const live = secrets.filter((secret) => isLive(secret, now));
  if (live.length === 0) return { valid: false, reason: 'no-live-secret' };
  const matched = live.filter((secret) => {
    const expected = hmacSha256(createSecretKey(keyOf(secret)), signed, body);
    // Counts instead of stopping at the first, so that the time tells nothing.
    return signatures.filter((given) => timingSafeEqual(given, expected)).length > 0;
  });
  if (matched.length === 0) return { valid: false, reason: 'no-match' };
  const [first] = matched;
  const alone = first !== undefined && matched.every(({ state }) => state === 'retiring');
  return {
    valid: true,
    matched: matched.map(({ id, state }) => ({ id, state })),
    retiringAlone: alone ? first.id : null,
    timestamp,
  };
}

/**
 * Asserts that a new secret is one as the provider shows it, so that no delivery has to find out.
 * @throws Failure USAGE
 */
export function assertSecret(kind: 'stripe' | 'standard', { id, secret }: NewText): void {
  if (!/^[\x21-\x7e]*$/.test(secret)) {
    throw secretFault(id, 'has a space, a line feed or a character that is not ASCII inside');
  }
  if (secret.length > MOST_CHARACTERS) throw secretFault(id, 'is too long');
  if (kind === 'standard') standardKey({ id, secret });
  else if (!/^whsec_.{16,}$/.test(secret)) {
    throw secretFault(id, 'does not begin with whsec_, or is too short');
  }
}

type NewText = Pick<WebhookSecret, 'id' | 'secret'>;

function stripeKey({ id, secret }: WebhookSecret): Uint8Array {
  if (secret.trim() === '') throw secretFault(id, 'is empty');
  return Buffer.from(secret);
}

/** Standard Webhooks: 24 to 64 bytes. */
function standardKey({ id, secret }: NewText): Uint8Array {
  const bytes = decodeBase64(secret.replace(/^whsec_/, ''), 'standard');
  if (bytes === null) throw secretFault(id, 'is not base64 after whsec_');
  if (bytes.length < 24 || bytes.length > 64) throw secretFault(id, 'is not 24 to 64 bytes long');
  return bytes;
}

function secretFault(id: string, what: string): Failure {
  return new Failure('USAGE', {
    what: `the webhook secret "${id}" ${what}`,
    hint: 'store it as the provider shows it',
  });
}
