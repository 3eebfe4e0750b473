/**
 * Where an encryption key comes from: a file that only its owner can read, a descriptor that the caller
 * has opened, an environment variable, or PaperScraper's own variables. Never from arguments. No part
 * of a key is in a message.
 */

import { closeSync, constants, fstatSync, readSync } from 'node:fs';
import { dirname } from 'node:path';

import { encryptionKey, keyFault, type EncryptionKey } from '../crypto/encryptionKey.ts';
import { readKeyText, writeKeyText } from '../crypto/keyText.ts';
import { paperscraperKey } from '../crypto/paperscraperKey.ts';
import { removeFile, openNoLinks } from '../disk/noLinks.ts';
import { diskFailure, systemCode } from '../disk/errors.ts';
import { syncFolder, writeFileDurably } from '../disk/durable.ts';
import { Failure } from '../outcome/failure.ts';

export type KeySource =
  | { readonly from: 'file'; readonly path: string }
  | { readonly from: 'fd'; readonly descriptor: number }
  | { readonly from: 'env'; readonly variable: string }
  | { readonly from: 'paperscraper' };

/** What a key is read with. */
export interface KeyHost {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user who has to own a key file; null where there are none. */
  readonly userId: number | null;
}

const MOST_BYTES = 4096;
/** Does not wait for a writer if the path is a named pipe. */
const READ: number = constants.O_RDONLY | constants.O_NONBLOCK;

/** Parses `file:PATH`, `fd:N`, `env:NAME` or `derived:paperscraper`. @throws Failure USAGE */
export function parseKeySource(text: string): KeySource {
  const [, from, rest = ''] = /^(file|fd|env|derived):(.+)$/s.exec(text) ?? [];
  if (from === 'file') return { from, path: rest };
  if (from === 'fd' && /^\d{1,5}$/.test(rest)) return { from, descriptor: Number(rest) };
  if (from === 'env' && /^[A-Za-z_]\w*$/.test(rest)) return { from, variable: rest };
  if (from === 'derived' && rest === 'paperscraper') return { from: rest };
  // What was given may be the key itself, so it is not repeated.
  throw new Failure('USAGE', {
    what: 'the source of a key is not understood',
    hint: 'use file:PATH, fd:N, env:NAME or derived:paperscraper; a key is never an argument',
  });
}

/** Makes the failure for a key, or another secret, that cannot be read. */
type Fault = (what: string, where: string, hint?: string) => Failure;

/** Reads the key of a name. @throws Failure USAGE if it is missing, unsafe or malformed */
export function readKey(name: string, source: KeySource, host: KeyHost): EncryptionKey {
  if (source.from === 'paperscraper') return paperscraperKey(name, host.env).key;
  const fault: Fault = (what, where, hint) => keyFault(name, what, where, hint);
  const { text, where } = readSource(source, host, fault);
  return readKeyText(name, text, where);
}

/**
 * Reads another secret than a key, from where keys come from; one line feed at its end is dropped.
 * @throws Failure USAGE if it is missing, unsafe or empty
 */
export function readSecretText(name: string, source: KeySource, host: KeyHost): string {
  const fault: Fault = (what, where, hint = 'give the secret as the provider shows it') =>
    new Failure('USAGE', { what: `the new secret of "${name}" ${what}`, where, hint });
  if (source.from === 'paperscraper') {
    throw fault('cannot be derived', '--from', 'use file:PATH, fd:N or env:NAME');
  }
  const { text, where } = readSource(source, host, fault);
  const line = text.replace(/\r?\n$/, '');
  if (line === '') throw fault('is empty', where);
  return line;
}

function readSource(
  source: Exclude<KeySource, { readonly from: 'paperscraper' }>,
  { env, userId }: KeyHost,
  fault: Fault,
): { readonly text: string; readonly where: string } {
  if (source.from === 'env') {
    const text = env[source.variable];
    if (text !== undefined) return { text, where: source.variable };
    throw fault('is missing', source.variable, `set ${source.variable}`);
  }
  if (source.from === 'fd') {
    const where = `descriptor ${source.descriptor}`;
    return { text: readDescriptor(source.descriptor, where, fault), where };
  }
  return { text: readKeyFile(source.path, userId, fault), where: source.path };
}

function readKeyFile(path: string, userId: number | null, fault: Fault): string {
  const file = openKeyFile(path, fault);
  try {
    const { mode, uid, size, ...stat } = statOfOpen(file);
    if (!stat.isFile || size > MOST_BYTES) {
      throw fault('is not in a small ordinary file', path, 'check the path');
    }
    if (userId !== null && uid !== userId) {
      throw fault('is in a file of another user', path, 'copy it as the user who runs this');
    }
    if ((mode & 0o077) !== 0) {
      throw fault('is in a file that others can open', path, 'chmod 600 it');
    }
    return readDescriptor(file, path, fault);
  } finally {
    closeSync(file);
  }
}

/** The facts of the file itself, and not of what has its name by now. */
function statOfOpen(file: number): {
  readonly mode: number;
  readonly uid: number;
  readonly size: number;
  readonly isFile: boolean;
} {
  const stat = fstatSync(file);
  return { mode: stat.mode, uid: stat.uid, size: stat.size, isFile: stat.isFile() };
}

function openKeyFile(path: string, fault: Fault): number {
  try {
    return openNoLinks(path, READ);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT') throw fault('is missing', path, 'check the path');
    if (code === 'ELOOP' || code === 'ENOTDIR') {
      throw fault('has a symbolic link in its path', path, 'give the path of the file');
    }
    throw fault('cannot be read', path, 'check the path and its permissions');
  }
}

function readDescriptor(descriptor: number, where: string, fault: Fault): string {
  const bytes = Buffer.alloc(MOST_BYTES + 1);
  let size = 0;
  try {
    for (let read = -1; read !== 0 && size < bytes.length; size += read) {
      read = readSync(descriptor, bytes, size, bytes.length - size, null);
    }
  } catch {
    throw fault('cannot be read', where, 'check where it comes from');
  }
  const text = bytes.toString('latin1', 0, size);
  bytes.fill(0);
  if (size > MOST_BYTES) throw fault('is too long', where);
  return text;
}

/**
 * Writes a new key of these 32 random bytes, which are wiped, into a file that only the owner can read.
 * Returns the key. @throws Failure USAGE if the path exists; DISK
 */
export function writeNewKey(name: string, bytes: Uint8Array, path: string): EncryptionKey {
  const key = encryptionKey(name, bytes, path);
  try {
    writeFileDurably(path, writeKeyText(key));
    syncFolder(dirname(path));
  } catch (error) {
    if (systemCode(error) === 'EEXIST') {
      throw keyFault(name, 'is not overwritten, as its file exists', path, 'choose another path');
    }
    // Half of a key is of no use, and would stop the next attempt.
    removeFile(path);
    throw diskFailure(error, path);
  }
  return key;
}
