/** Deliveries of webhooks: verified with every live secret, reported if only the old one fits, applied once. */

import { appendFileSync, readFileSync, statSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';

// The package has this as `sealift/webhooks`, which needs a build; in the checkout it is read as it stands.
import {
  matchLine,
  openStoredSecrets,
  verifyStandardWebhook,
  verifyStripe,
  type Verification,
  type WebhookSecret,
} from '../../src/crypto/webhooks.ts';
import type { Rows } from './rows.ts';
import type { Settings } from './settings.ts';

export type Endpoint = 'stripe' | 'standard';

export interface Webhooks {
  /** Returns the status of the answer. */
  receive(endpoint: Endpoint, headers: IncomingHttpHeaders, body: Buffer): Promise<number>;
}

/** Null if the settings name no secrets. `now` gives milliseconds. */
export function openWebhooks(
  { secrets, secretsKey }: Settings,
  rows: Rows,
  now: () => number,
): Webhooks | null {
  if (secrets === null || secretsKey === null) return null;
  const stored = {
    stripe: storedSecrets(secrets, 'stripe', secretsKey),
    standard: storedSecrets(secrets, 'standard', secretsKey),
  };
  return {
    async receive(endpoint, headers, body) {
      const seconds = Math.floor(now() / 1000);
      const live = stored[endpoint].at(seconds);
      if (live === null) return 404;
      const seen = verified(endpoint, headers, { body, secrets: live, now: seconds });
      if (!seen.valid) return 400;
      const id = endpoint === 'stripe' ? idIn(body) : (headers['webhook-id'] ?? null);
      if (typeof id !== 'string') return 400;
      // Before it is acknowledged: a match that is not on record lets the old secret end too early.
      if (seen.retiringAlone !== null) stored[endpoint].report(seen.retiringAlone, seconds);
      await rows.applyOnce(endpoint, id);
      return 200;
    },
  };
}

function verified(
  endpoint: Endpoint,
  headers: IncomingHttpHeaders,
  delivery: { body: Buffer; secrets: readonly WebhookSecret[]; now: number },
): Verification {
  const header = (name: string): string | null => [headers[name]].flat()[0] ?? null;
  if (endpoint === 'stripe') {
    return verifyStripe({ ...delivery, signature: header('stripe-signature') });
  }
  return verifyStandardWebhook({
    ...delivery,
    id: header('webhook-id'),
    timestamp: header('webhook-timestamp'),
    signature: header('webhook-signature'),
  });
}

/** The id of an event of Stripe, which is in its body. */
function idIn(body: Buffer): string | null {
  try {
    const { id } = Object(JSON.parse(body.toString('utf8'))) as Record<string, unknown>;
    return typeof id === 'string' && id !== '' && id.length <= 255 ? id : null;
  } catch {
    return null;
  }
}

interface StoredSecrets {
  /** The secrets at a time, in seconds; null if there is no file of them. */
  at(now: number): readonly WebhookSecret[] | null;
  report(id: string, now: number): void;
}

/** Reads the files again as soon as they change: a rotation needs no restart. */
function storedSecrets(folder: string, endpoint: Endpoint, key: string): StoredSecrets {
  const file = join(folder, `${endpoint}.json`);
  const matches = join(folder, `${endpoint}.matches.ndjson`);
  let version = '';
  let secrets: readonly WebhookSecret[] = [];
  return {
    at(now) {
      if (versionOf(file) === null) return null;
      // An empty file says that there is somebody who would report a match.
      if (versionOf(matches) === null) appendFileSync(matches, '', { mode: 0o600 });
      const found = `${versionOf(file)} ${versionOf(matches)}`;
      if (found !== version) {
        const texts = { file: readFileSync(file, 'utf8'), matches: readFileSync(matches, 'utf8') };
        secrets = openStoredSecrets({ ...texts, key, now });
        version = found;
      }
      return secrets;
    },
    report(id, now) {
      appendFileSync(matches, matchLine(id, now));
    },
  };
}

function versionOf(path: string): string | null {
  const stat = statSync(path, { throwIfNoEntry: false, bigint: true });
  return stat === undefined ? null : `${stat.ino}.${stat.size}.${stat.mtimeNs}`;
}
