/** JSON Schema (2020-12) of mapping/secrets.json: the contract, and the help that editors show. */

const SECRET: Readonly<Record<string, unknown>> = {
  description: 'An endpoint whose secrets are kept.',
  type: 'object',
  additionalProperties: false,
  required: ['name', 'kind', 'key', 'retryHours'],
  properties: {
    name: {
      description: 'Name of the endpoint, unique in this file.',
      title: 'at most 64 lower-case letters, digits, "_", "-" and ".", such as "stripe"',
      type: 'string',
      pattern: '^[a-z0-9][a-z0-9._-]{0,63}$',
    },
    kind: {
      description:
        'How deliveries are signed: "stripe", or "standard" as Standard Webhooks describes it.',
      enum: ['stripe', 'standard'],
    },
    key: {
      description:
        'Where the key comes from that the secrets are sealed under: file:PATH, env:NAME, fd:N or ' +
        'derived:paperscraper. A relative path starts at the project folder.',
      title: 'file:PATH, env:NAME, fd:N or derived:paperscraper',
      type: 'string',
      pattern: '^(file:.+|env:[A-Za-z_][A-Za-z0-9_]*|fd:[0-9]{1,5}|derived:paperscraper)$',
    },
    retryHours: {
      description: 'Hours for which the provider sends a delivery again that failed.',
      type: 'integer',
      minimum: 1,
      maximum: 8760,
    },
    matches: {
      description:
        'File to which the application appends a line for each delivery that the old secret alone has ' +
        'matched (default: storage_secrets/NAME.matches.ndjson). A relative path starts at the project ' +
        'folder.',
      type: 'string',
      minLength: 1,
    },
  },
};

export const SECRETS_SCHEMA: Readonly<Record<string, unknown>> = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'https://sealift.dev/schema/1/secrets.schema.json',
  title: 'Sealift secrets',
  description: 'The endpoints whose secrets sealift secrets rotates.',
  type: 'object',
  additionalProperties: false,
  required: ['format', 'secrets'],
  properties: {
    $schema: {
      description: 'Path of this schema, for editors: "./schema/secrets.schema.json".',
      type: 'string',
    },
    format: { description: 'Number of the format: 1.', const: 1 },
    secrets: {
      description: 'The endpoints.',
      type: 'array',
      minItems: 1,
      items: SECRET,
    },
  },
};
