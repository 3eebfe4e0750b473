/** What applications import as `sealift/webhooks`: the verifiers, and the records of their secrets. */

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
