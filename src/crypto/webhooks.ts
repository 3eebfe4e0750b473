/**
 * What applications import as `sealift/webhooks`: the verifiers, the records of their secrets, and those
 * that `sealift secrets` keeps.
 */

import { readKeyText } from './keyText.ts';
import { withMatches } from './secretMatches.ts';
import { openSecrets, readSecrets } from './secretsText.ts';
import type { WebhookSecret } from './webhookSignature.ts';

export {
  verifyStandardWebhook,
  verifyStripe,
  type StandardDelivery,
  type StripeDelivery,
  type Verification,
  type WebhookSecret,
} from './webhookSignature.ts';
export {
  isLive,
  promoteSecret,
  replaceSecretsAtOnce,
  retireSecrets,
  rotateSecret,
  secretStillNeeded,
  type NewSecret,
  type SecretRecord,
  type SecretRecords,
  type SecretState,
} from './webhookSecrets.ts';
export { matchLine } from './secretMatches.ts';

/** The texts that an endpoint's secrets are made of. */
export interface StoredSecrets {
  /** Content of `storage_secrets/<name>.json`. */
  readonly file: string;
  /** The key that they are sealed under, as in its file. */
  readonly key: string;
  /** Content of the file of matches; empty if there is none yet. */
  readonly matches: string;
  /** Unix time, in seconds. */
  readonly now: number;
}

/**
 * Opens the secrets that `sealift secrets` keeps, all that are not revoked. A retiring one lives for as
 * long as the matches say. @throws Failure if the file is damaged or the key is another one
 */
export function openStoredSecrets({ file, key, matches, now }: StoredSecrets): WebhookSecret[] {
  const secrets = readSecrets(file, 'the file of secrets');
  const opened = withMatches(secrets, matches, now);
  return openSecrets(opened, readKeyText(secrets.name, key, 'the key of the secrets'));
}
