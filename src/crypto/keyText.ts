/**
 * A key as a line of text: `sealift-key-1:<base64url of 32 bytes>:<kid>`. The id at the end shows a line
 * that was cut or mistyped, and tells no more than every envelope does. Keys that other programs made
 * are read as 64 hex digits or as base64 of 32 bytes with padding.
 */

import { decodeBase64 } from './base64.ts';
import { encryptionKey, isOneByteRepeated, keyFault, type EncryptionKey } from './encryptionKey.ts';

const VERSION = 'sealift-key-1';
const HEX = /^[0-9a-fA-F]{64}$/;

/** Writes a key; the line ends with a line feed. Only for the file of the key. */
export function writeKeyText({ secret, kid }: EncryptionKey): string {
  const bytes = secret.export();
  const line = `${VERSION}:${bytes.toString('base64url')}:${kid}\n`;
  bytes.fill(0);
  return line;
}

/**
 * Reads a key; one line feed at the end is allowed. `where` is the place, for messages.
 * @throws Failure USAGE if it is malformed, cut, of another length, or one byte repeated
 */
export function readKeyText(name: string, text: string, where: string): EncryptionKey {
  const line = text.replace(/\r?\n$/, '');
  if (line === '') throw keyFault(name, 'is empty', where);
  if (/[\r\n]/.test(line)) throw keyFault(name, 'has a line feed inside', where);
  if (line.startsWith('sealift-key-')) return readOwnLine(name, line, where);
  const bytes = HEX.test(line) ? Buffer.from(line, 'hex') : decodeEitherBase64(line);
  if (bytes === null) {
    throw keyFault(name, `is neither a line ${VERSION} nor hex nor base64`, where);
  }
  // No generator makes such a key; a person who needs one in a hurry does.
  if (isOneByteRepeated(bytes)) throw keyFault(name, 'is one byte repeated', where);
  return encryptionKey(name, bytes, where);
}

function readOwnLine(name: string, line: string, where: string): EncryptionKey {
  const [version, base64 = '', kid, ...more] = line.split(':');
  if (version !== VERSION) {
    throw keyFault(name, 'is of a later version', where, 'update Sealift');
  }
  const bytes = decodeBase64(base64, 'unpadded');
  if (bytes === null || bytes.length === 0 || more.length > 0) {
    throw keyFault(name, 'is damaged', where);
  }
  const key = encryptionKey(name, bytes, where);
  if (key.kid !== kid) throw keyFault(name, 'is damaged: its id does not fit', where);
  return key;
}

function decodeEitherBase64(line: string): Buffer | null {
  return decodeBase64(line, 'urlsafe') ?? decodeBase64(line, 'standard');
}
