/** Validates a mapping file against its JSON Schema; the first error is one line with a hint. */

import { Failure } from '../../outcome/failure.ts';
import type { MappingDocument } from '../document.ts';
import { formatPlace } from '../place.ts';
import { ATTACHMENTS_SCHEMA } from '../schema/attachmentsSchema.ts';
import { KEYS_SCHEMA } from '../schema/keysSchema.ts';
import { MODULE_SCHEMA } from '../schema/moduleSchema.ts';
import { PROJECT_SCHEMA } from '../schema/projectSchema.ts';
import { SECRETS_SCHEMA } from '../schema/secretsSchema.ts';
import { SMOKE_SCHEMA } from '../schema/smokeSchema.ts';
import { compileShape, type ShapeCheck } from './schemaErrors.ts';

export type DocumentKind = 'project' | 'module' | 'smoke' | 'attachments' | 'keys' | 'secrets';

const SCHEMAS: Readonly<Record<DocumentKind, Readonly<Record<string, unknown>>>> = {
  project: PROJECT_SCHEMA,
  module: MODULE_SCHEMA,
  smoke: SMOKE_SCHEMA,
  attachments: ATTACHMENTS_SCHEMA,
  secrets: SECRETS_SCHEMA,
  keys: KEYS_SCHEMA,
};

const compiled = new Map<DocumentKind, ShapeCheck>();

/** @throws Failure MAPPING at the first place that the schema does not allow */
export function assertShape(document: MappingDocument, kind: DocumentKind): void {
  const error = shapeCheck(kind)(document.value);
  if (error === null) return;
  const { what, hint, ...at } = error;
  const where = formatPlace({ file: document.name, ...at }, document.text);
  throw new Failure('MAPPING', { what, where, hint });
}

function shapeCheck(kind: DocumentKind): ShapeCheck {
  const known = compiled.get(kind);
  if (known !== undefined) return known;
  const check = compileShape(SCHEMAS[kind]);
  compiled.set(kind, check);
  return check;
}
