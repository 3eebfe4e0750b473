/**
 * SSH signatures (PROTOCOL.sshsig of OpenSSH), made and verified by `ssh-keygen` as a child process.
 * Keys and agents stay with ssh-keygen: this code never reads a private key.
 *
 * What is read from a signature's own bytes serves messages only; whether it is valid, and by which
 * key, is what ssh-keygen says.
 */

import { hash } from 'node:crypto';

/** A program that has ended. */
export interface ProgramRun {
  /** Null if a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramInput {
  /** Bytes for its standard input. */
  readonly input: Uint8Array;
  /** Whether it may use the user's SSH agent and ask on the terminal. */
  readonly interactive: boolean;
}

/** Runs a program with these arguments, without a shell; null if the program does not exist. */
export type RunProgram = (
  program: string,
  args: readonly string[],
  options: ProgramInput,
) => Promise<ProgramRun | null>;

const PROGRAM = 'ssh-keygen';

/** The parts of a signature, as it states them. */
export interface SignatureParts {
  /** Such as `ssh-ed25519`. */
  readonly keyType: string;
  /** `SHA256:` and the digest of the public key in base64, as ssh-keygen shows it. */
  readonly fingerprint: string;
  readonly namespace: string;
}

const ARMOR =
  /^-----BEGIN SSH SIGNATURE-----\n([A-Za-z0-9+/=\n]{1,32768})-----END SSH SIGNATURE-----\n?$/;

/** Characters of a line of base64, as ssh-keygen writes it. */
const COLUMNS = 70;

/**
 * Whether a signature has the one form that ssh-keygen writes: its armor, an empty reserved field, nothing after
 * its fields, and for Ed25519 an S below the order of the group (RFC 8032 §5.1.7). ECDSA has two forms of each
 * signature, which nothing tells apart.
 */
export function isCanonical(text: string): boolean {
  const [, base64 = ''] = ARMOR.exec(text) ?? [];
  const bytes = Buffer.from(base64, 'base64');
  const lines = bytes.toString('base64').match(new RegExp(`.{1,${COLUMNS}}`, 'g')) ?? [];
  const armor = ['-----BEGIN SSH SIGNATURE-----', ...lines, '-----END SSH SIGNATURE-----', ''];
  const [key, , reserved, , signature] = fieldsOf(bytes, 10) ?? [];
  const [type, value] = (signature === undefined ? null : fieldsOf(signature, 0)) ?? [];
  const isOurs = bytes.readUInt32BE(6) === 1 && key !== undefined && reserved?.length === 0;
  return armor.join('\n') === text && isOurs && isReduced(type, value);
}

/** The order of the group of Ed25519, little-endian. */
const ORDER: Buffer = Buffer.from(
  'edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010',
  'hex',
);

function isReduced(type: Buffer | undefined, value: Buffer | undefined): boolean {
  if (type === undefined || value === undefined) return false;
  if (type.toString('latin1') !== 'ssh-ed25519') return true;
  if (value.length !== 64) return false;
  const s = Buffer.from(value.subarray(32)).reverse();
  return s.compare(Buffer.from(ORDER).reverse()) < 0;
}

/** Reads strings of SSH's wire format up to the end; null if something else is left. */
function fieldsOf(bytes: Buffer, from: number): readonly Buffer[] | null {
  const fields: Buffer[] = [];
  for (let at = from; at < bytes.length;) {
    const field = stringAt(bytes, at);
    if (field === null) return null;
    fields.push(field.bytes);
    at = field.end;
  }
  return fields;
}

/** Reads the parts of an armored signature; null if it is none. */
export function readSignature(text: string): SignatureParts | null {
  const [, base64 = ''] = ARMOR.exec(text.replaceAll('\r\n', '\n')) ?? [];
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.subarray(0, 6).toString('latin1') !== 'SSHSIG' || bytes.length < 10) return null;
  const key = stringAt(bytes, 10);
  const namespace = key === null ? null : stringAt(bytes, key.end);
  const type = key === null ? null : stringAt(key.bytes, 0);
  if (key === null || namespace === null || type === null) return null;
  return {
    keyType: type.bytes.toString('latin1'),
    fingerprint: fingerprintOf(key.bytes),
    namespace: namespace.bytes.toString('utf8'),
  };
}

/** Returns the fingerprint of a public key in SSH's binary form. */
export function fingerprintOf(key: Uint8Array): string {
  return `SHA256:${hash('sha256', key, 'base64').replace(/=+$/, '')}`;
}

/** Reads a string of SSH's wire format: a length of four bytes, and as many bytes. */
function stringAt(bytes: Buffer, at: number): { bytes: Buffer; end: number } | null {
  if (at + 4 > bytes.length) return null;
  const end = at + 4 + bytes.readUInt32BE(at);
  return end > bytes.length ? null : { bytes: bytes.subarray(at + 4, end), end };
}

/** A message to sign. */
export interface Signing {
  /** Path of a private key, or of a public key whose private half an agent holds. */
  readonly key: string;
  readonly namespace: string;
  readonly message: Uint8Array;
}

export type Signed =
  | { readonly signature: string }
  | { readonly problem: 'no-program' }
  | { readonly problem: 'refused'; readonly says: string };

/** Has ssh-keygen sign a message. */
export async function signMessage(run: RunProgram, signing: Signing): Promise<Signed> {
  const { key, namespace, message } = signing;
  const args = ['-Y', 'sign', '-n', namespace, '-f', key];
  const ran = await run(PROGRAM, args, { input: message, interactive: true });
  if (ran === null) return { problem: 'no-program' };
  if (ran.code === 0 && readSignature(ran.stdout) !== null) return { signature: ran.stdout };
  return { problem: 'refused', says: lastLine(ran.stderr) };
}

/** A signature to verify. Both files are private copies, which nothing replaces meanwhile. */
export interface Verifying {
  /** Path of the file of allowed signers. */
  readonly allowedSigners: string;
  /** Path of the signature. */
  readonly signature: string;
  readonly principal: string;
  readonly namespace: string;
  readonly message: Uint8Array;
  /** Time at which the key has to be valid, ISO 8601, UTC. */
  readonly at: string;
}

export type Verified =
  /** Valid, by the key with this fingerprint. */
  | { readonly fingerprint: string }
  | { readonly problem: 'no-program' | 'other-content' | 'not-in-force' | 'not-allowed' };

/** Has ssh-keygen verify a signature over a message by a principal's key. */
export async function verifySignature(run: RunProgram, verifying: Verifying): Promise<Verified> {
  const { allowedSigners, signature, principal, namespace, message, at } = verifying;
  const args = ['-Y', 'verify', '-f', allowedSigners, '-I', principal, '-n', namespace];
  const time = `verify-time=${at.replace(/\..*$/, '').replaceAll(/\D/g, '')}`;
  const ran = await run(PROGRAM, [...args, '-s', signature, `-O${time}`], {
    input: message,
    interactive: false,
  });
  if (ran === null) return { problem: 'no-program' };
  const [, fingerprint] = GOOD.exec(ran.stdout) ?? [];
  if (ran.code === 0 && fingerprint !== undefined) return { fingerprint };
  if (ran.stderr.includes('incorrect signature')) return { problem: 'other-content' };
  const expired = /key (?:has expired|is not yet valid)/.test(ran.stderr);
  return { problem: expired ? 'not-in-force' : 'not-allowed' };
}

const GOOD = /^Good "[^"\n]+" signature for .* with \S+ key (SHA256:[A-Za-z0-9+/]{43})\n$/;

/** Whether ssh-keygen finds a principal for the key of a signature at that time. */
export async function hasPrincipal(
  run: RunProgram,
  { allowedSigners, signature, at }: Pick<Verifying, 'allowedSigners' | 'signature' | 'at'>,
): Promise<boolean> {
  const time = `verify-time=${at.replace(/\..*$/, '').replaceAll(/\D/g, '')}`;
  const args = ['-Y', 'find-principals', '-f', allowedSigners, '-s', signature, `-O${time}`];
  const ran = await run(PROGRAM, args, { input: new Uint8Array(), interactive: false });
  return ran?.code === 0;
}

function lastLine(text: string): string {
  const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== '');
  return lines.at(-1)?.slice(0, 200) ?? '';
}
