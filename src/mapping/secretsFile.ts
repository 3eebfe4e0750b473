/**
 * mapping/secrets.json: the webhook endpoints whose secrets are kept, and the key that each is sealed
 * under, by its place and never by its content. It is frozen with the mapping, but no part of it: no seal
 * depends on it.
 */

import { createHash } from 'node:crypto';
import { join } from 'node:path';

import type { SecretKind } from '../crypto/secretsText.ts';
import { realFolder, statOf } from '../disk/noLinks.ts';
import { Failure } from '../outcome/failure.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { assertShape } from './check/shape.ts';
import { readDocument, type MappingDocument } from './document.ts';
import { parseKeySource, type KeySource } from './keyFile.ts';
import { formatPlace } from './place.ts';

export const SECRETS_FILE = 'secrets.json';

export interface DeclaredSecret {
  readonly name: string;
  readonly kind: SecretKind;
  readonly key: KeySource;
  readonly retryHours: number;
  /** Path as written; null: beside the secrets. */
  readonly matches: string | null;
}

export interface SecretsFile {
  readonly secrets: readonly DeclaredSecret[];
  /** SHA-256 of the file, lower-case hex. */
  readonly fileSha256: string;
}

interface WrittenSecret extends Omit<DeclaredSecret, 'key' | 'matches'> {
  readonly key: string;
  readonly matches?: string;
}

/** Whether the folder `mapping/` declares secrets. */
export function hasSecrets(folder: string): boolean {
  try {
    return statOf(join(folder, SECRETS_FILE)) !== undefined;
  } catch {
    return false;
  }
}

/** Reads and validates the file in `mapping/`. @throws Failure MAPPING; USAGE if there is none */
export async function readSecretsFile(folder: string): Promise<SecretsFile> {
  if (!hasSecrets(folder)) {
    throw new Failure('USAGE', {
      what: 'no secrets are declared',
      where: `mapping/${SECRETS_FILE}`,
      hint: 'write the file, see docs/commands/secrets.md, or name another folder with --project',
    });
  }
  const document = await readDocument(realFolder(folder), SECRETS_FILE);
  assertShape(document, 'secrets');
  const { secrets } = document.value as { readonly secrets: readonly WrittenSecret[] };
  assertApart(document, secrets);
  const fileSha256 = createHash('sha256').update(document.bytes).digest('hex');
  return {
    secrets: secrets.map(completeSecret),
    fileSha256,
  };
}

function completeSecret(written: WrittenSecret): DeclaredSecret {
  const { name, kind, key, retryHours, matches = null } = written;
  return { name, kind, key: parseKeySource(key), retryHours, matches };
}

function assertApart(document: MappingDocument, secrets: readonly WrittenSecret[]): void {
  const names = secrets.map(({ name }) => name);
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index);
  if (twice === -1) return;
  throw new Failure('MAPPING', {
    what: `the secret ${quoteName(names[twice] ?? '')} stands here twice`,
    where: formatPlace({ file: document.name, pointer: `/secrets/${twice}` }, document.text),
    hint: 'give each a name of its own',
  });
}
