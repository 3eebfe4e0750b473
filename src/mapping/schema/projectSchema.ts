/** JSON Schema (2020-12) of mapping/project.json: the contract, and the help that editors show. */

import { RULES } from '../../outcome/rules.ts';
import { FIELD_NAME, MODULE_NAME, REASON, SEVERITY, SOURCE_NAME, TABLE_NAME } from './names.ts';
import { CLASS_NAME } from './piiSchema.ts';

export const PROJECT_SCHEMA: Readonly<Record<string, unknown>> = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'https://sealift.dev/schema/1/project.schema.json',
  title: 'Sealift project',
  description:
    'A migration project: its sources, its namespace of ids, the tables that are left out.',
  type: 'object',
  additionalProperties: false,
  required: ['format', 'name', 'namespace', 'sources'],
  properties: {
    $schema: {
      description: 'Path of this schema, for editors: "./schema/project.schema.json".',
      type: 'string',
    },
    format: { description: 'Number of the mapping format: 1.', const: 1 },
    name: {
      description: 'Name of the project, for people.',
      title: 'a name of 1 to 200 characters',
      type: 'string',
      minLength: 1,
      maxLength: 200,
    },
    namespace: {
      description:
        'Namespace UUID of target ids of rule "uuid" (RFC 9562 version 5). Another ' +
        'namespace gives other ids: never change it once ids are in use.',
      title: 'a lower-case UUID',
      type: 'string',
      pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
    },
    asOf: {
      description: 'The only "now" of a run: a date, YYYY-MM-DD.',
      title: 'a date YYYY-MM-DD',
      type: 'string',
      pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$',
    },
    sources: {
      description: 'Sources of rows, by name. "main" is the default of modules.',
      type: 'object',
      minProperties: 1,
      propertyNames: SOURCE_NAME,
      additionalProperties: {
        description: 'One source.',
        type: 'object',
        additionalProperties: false,
        required: ['url'],
        properties: {
          url: {
            description:
              'Adapter and place, such as "sqlite:legacy.db" or "csv:export/". Relative paths ' +
              'start at the project folder. Never a password: secrets come from the environment.',
            title: 'a source such as "sqlite:legacy.db"',
            type: 'string',
            pattern: '^[a-z][a-z0-9+]*:.',
          },
          gone: {
            description:
              'True if the source no longer exists: promote then compares nothing with it, unless ' +
              'it can be read.',
            const: true,
          },
        },
      },
    },
    dropped: {
      description: 'Base tables that are not migrated, each with its reason.',
      type: 'array',
      items: {
        description: 'A table that is left out.',
        type: 'object',
        additionalProperties: false,
        required: ['table', 'reason'],
        properties: {
          source: { ...SOURCE_NAME, description: 'Name of the source; "main" if left out.' },
          table: TABLE_NAME,
          reason: REASON,
        },
      },
    },
    severities: {
      description: "Severities that differ from the rules' own; the last match counts.",
      type: 'array',
      items: {
        description: 'The severity of a rule, everywhere or in one place.',
        type: 'object',
        additionalProperties: false,
        required: ['rule', 'severity'],
        properties: {
          rule: {
            description: 'Id of a rule.',
            type: 'string',
            enum: Object.keys(RULES),
          },
          module: { ...MODULE_NAME, description: 'Module; any if left out.' },
          field: { ...FIELD_NAME, description: 'Field; any if left out.' },
          severity: SEVERITY,
        },
      },
    },
    frozen: {
      description:
        '"required": a freeze of the mapping that is missing or edited stops migrate and promote.',
      type: 'string',
      enum: ['required'],
    },
    operator: {
      description: '"required": migrate, promote and rollback need the name of the operator.',
      type: 'string',
      enum: ['required'],
    },
    window: {
      description:
        'Times at which promote may run: days or a date, hours, and a time zone, such as ' +
        '"Sat,Sun 02:00-06:00 Europe/Vienna".',
      title: 'a time such as "Sun 02:00-06:00 Europe/Vienna"',
      type: 'string',
      minLength: 1,
      maxLength: 200,
    },
    piiPatterns: {
      description:
        'Kinds of personal data of your own: each a pattern in RE2 syntax, which the scan finds ' +
        'anywhere in a text.',
      type: 'object',
      propertyNames: CLASS_NAME,
      additionalProperties: {
        description: 'The pattern.',
        title: 'a pattern of 1 to 1000 characters',
        type: 'string',
        minLength: 1,
        maxLength: 1000,
      },
    },
    approvals: {
      description:
        'Approvals that promote requires, each signed by another person than who built, scanned or ' +
        'promotes the candidate. Their public keys are in mapping/allowed_signers.',
      type: 'object',
      additionalProperties: false,
      required: ['required'],
      properties: {
        required: {
          description: 'Number of people, from 1 to 16.',
          title: 'a whole number from 1 to 16',
          type: 'integer',
          minimum: 1,
          maximum: 16,
        },
      },
    },
  },
};
