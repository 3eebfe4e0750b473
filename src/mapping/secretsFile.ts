/**
 * mapping/secrets.json: the webhook endpoints whose secrets are kept, and the key that each is sealed
 * under, by its place and never by its content. It is frozen with the mapping, but no part of it: no seal
 * depends on it.
 */

import type { SecretKind } from '../crypto/secretsText.ts';
import { Failure } from '../outcome/failure.ts';
import { quoteName } from '../outcome/quoteName.ts';
import type { MappingDocument } from './document.ts';
import { parseKeySource, type KeySource } from './keyFile.ts';
import { formatPlace } from './place.ts';
import { readSideFile, type SideFileKind } from './sideFile.ts';

export const SECRETS_FILE = 'secrets.json';

const KIND: SideFileKind = {
  name: SECRETS_FILE,
  schema: 'secrets',
  none: {
    code: 'USAGE',
    what: 'no secrets are declared',
    hint: 'write the file, see docs/commands/secrets.md, or name another folder with --project',
  },
};

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

/** Reads and validates the file in `mapping/`. @throws Failure MAPPING; USAGE if there is none */
export async function readSecretsFile(folder: string): Promise<SecretsFile> {
  const { document, fileSha256 } = await readSideFile(folder, KIND);
  const { secrets } = document.value as { readonly secrets: readonly WrittenSecret[] };
  assertApart(document, secrets);
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
