/**
 * Secret keys, named by id in the mapping and given by the environment: `SEALIFT_KEY_<ID>` holds
 * the key, or `SEALIFT_KEY_<ID>_FILE` the path of a file with it. A key is never printed, and no
 * part of it is in an error.
 */

import { readFileSync, statSync } from 'node:fs';

import { decodeBase64 } from '../crypto/base64.ts';
import { isOneByteRepeated } from '../crypto/encryptionKey.ts';
import { Failure } from '../outcome/failure.ts';

const MIN_KEY_BYTES = 32;
const MAX_KEY_TEXT = 65_536;

/**
 * Reads the key of an id: at least 32 bytes, written as hex or as base64 (RFC 4648 §4, with
 * padding). A text of hex digits alone is hex. @throws Failure USAGE if it is missing, given twice,
 * malformed, too short, or one byte repeated
 */
export function readSecretKey(
  id: string,
  env: Readonly<Record<string, string | undefined>>,
): Uint8Array {
  const variable = variableOf(id);
  const inline = env[variable];
  const path = env[`${variable}_FILE`];
  if (inline !== undefined && path !== undefined) {
    throw keyFailure(id, 'is given twice', variable, `unset ${variable} or ${variable}_FILE`);
  }
  if (inline !== undefined) return decodeKey(id, inline, variable);
  if (path !== undefined) return decodeKey(id, readKeyFile(id, path, variable), `${variable}_FILE`);
  const hint = `set ${variable}, or ${variable}_FILE to the path of a file that holds it`;
  throw keyFailure(id, 'is missing', variable, hint);
}

/** Whether the environment has a key of this id, which may be malformed. */
export function isSecretGiven(
  id: string,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  const variable = variableOf(id);
  return env[variable] !== undefined || env[`${variable}_FILE`] !== undefined;
}

function variableOf(id: string): string {
  return `SEALIFT_KEY_${id.toUpperCase().replaceAll('-', '_')}`;
}

function readKeyFile(id: string, path: string, variable: string): string {
  const where = `${variable}_FILE`;
  try {
    const stat = statSync(path);
    if (!stat.isFile() || stat.size > MAX_KEY_TEXT) {
      throw keyFailure(id, 'is not in a small ordinary file', where, 'check the path');
    }
    // Editors and `echo` leave one newline at the end.
    return readFileSync(path, 'latin1').replace(/\r?\n$/, '');
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw keyFailure(id, 'cannot be read', where, 'check the path and its permissions');
  }
}

function decodeKey(id: string, text: string, where: string): Uint8Array {
  const again = 'create one with openssl rand -base64 32';
  const hex = /^[0-9a-fA-F]+$/.test(text) && text.length % 2 === 0;
  const bytes = hex ? Buffer.from(text, 'hex') : decodeBase64(text, 'standard');
  if (bytes === null) {
    throw keyFailure(id, 'is neither hex nor base64 on one line', where, again);
  }
  if (bytes.length < MIN_KEY_BYTES) {
    throw keyFailure(id, `is shorter than ${MIN_KEY_BYTES} bytes`, where, again);
  }
  if (isOneByteRepeated(bytes)) {
    throw keyFailure(id, 'is one byte repeated', where, again);
  }
  return new Uint8Array(bytes);
}

function keyFailure(id: string, what: string, where: string, hint: string): Failure {
  return new Failure('USAGE', { what: `the secret key "${id}" ${what}`, where, hint });
}
