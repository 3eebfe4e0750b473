/**
 * Signed notes (c2sp.org/signed-note) with signatures of Ed25519. A note is read as the specification
 * says, signatures of unknown keys included, or exactly: then it has one signature, by the given key,
 * and every byte is as it would be written.
 */

import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';

import { Failure } from '../outcome/failure.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { decodeBase64 } from './base64.ts';
import {
  verifyingKey,
  type SignatureRefusal,
  type SigningKey,
  type VerifyingKey,
} from './ed25519.ts';

/** The type of a signature of Ed25519. */
const ED25519 = 0x01;
const ID_BYTES = 4;
/** The specification demands at least 16 signatures, of which each may be nearly 5 kB. */
const MAX_SIGNATURES = 100;
const MAX_NOTE = 1_000_000;

/** A key with the name under which it signs notes. */
export interface NoteVerifier {
  readonly name: string;
  /** Key id of 32 bits, 8 digits of lower-case hex. */
  readonly id: string;
  readonly key: VerifyingKey;
}

export interface NoteSigner {
  readonly name: string;
  readonly key: SigningKey;
}

/** Names a key. @throws Failure USAGE for a name that a note cannot have */
export function noteVerifier(name: string, key: VerifyingKey): NoteVerifier {
  if (!isKeyName(name)) {
    throw new Failure('USAGE', {
      what: `${quoteName(name)} cannot be the name of a key in a signed note`,
      hint: 'choose a name without spaces, control characters and +',
    });
  }
  const named = Buffer.concat([Buffer.from(`${name}\n`), Uint8Array.of(ED25519), key.bytes]);
  return { name, id: hash('sha256', named, 'hex').slice(0, 2 * ID_BYTES), key };
}

/** Formats a verifier key: `name+id+base64 of type and key`, without a line feed. */
export function formatNoteVerifier({ name, id, key }: NoteVerifier): string {
  return `${name}+${id}+${encodedKey(key).toString('base64')}`;
}

/** Parses a verifier key; null if it is malformed, its id does not fit, or it is not of Ed25519. */
export function parseNoteVerifier(text: string): NoteVerifier | null {
  const [, name = '', base64 = ''] = /^([^+]+)\+[0-9a-f]{8}\+(.*)$/.exec(text) ?? [];
  const [type, ...bytes] = decodeBase64(base64, 'standard') ?? [];
  const key = type === ED25519 ? verifyingKey(Buffer.from(bytes)) : null;
  if (key === null || !isKeyName(name)) return null;
  const verifier = noteVerifier(name, key);
  return formatNoteVerifier(verifier) === text ? verifier : null;
}

/**
 * Signs a text, which ends with a line feed; returns the note.
 * @throws RangeError for a text that a note cannot have; Failure USAGE for such a name
 */
export function signNote(text: string, { name, key }: NoteSigner): string {
  if (!isNoteText(text)) throw new RangeError('a text that a note cannot have');
  const { id } = noteVerifier(name, key.verifying);
  const signature = Buffer.concat([Buffer.from(id, 'hex'), key.sign(Buffer.from(text))]);
  return `${text}\n— ${name} ${signature.toString('base64')}\n`;
}

export type OpenedNote = { readonly text: string } | { readonly refused: SignatureRefusal };

/**
 * Returns the text of a note that this key has signed. Signatures of unknown keys are ignored; a note
 * with one of this key that does not fit is refused, even if it has another that does.
 */
export function openNote(note: Buffer, verifier: NoteVerifier): OpenedNote {
  const parsed = parseNote(note);
  if (parsed === null) return { refused: 'form' };
  const { text, signatures } = parsed;
  const own = signatures.filter(({ name, id }) => name === verifier.name && id === verifier.id);
  if (own.length === 0) return { refused: 'other-key' };
  const message = Buffer.from(text);
  const fits = own.every(({ signature }) => verifier.key.verify(message, signature));
  return fits ? { text } : { refused: 'not-authentic' };
}

/** Like {@link openNote}, for a note of our own: it has this one signature and no other. */
export function openNoteExactly(note: Buffer, verifier: NoteVerifier): OpenedNote {
  // Lines of signatures have one form, and the text is signed, so that one signature fixes all bytes.
  const parsed = parseNote(note);
  if (parsed !== null && parsed.signatures.length > 1) return { refused: 'form' };
  return openNote(note, verifier);
}

interface ParsedNote {
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

interface NoteSignature {
  readonly name: string;
  readonly id: string;
  readonly signature: Buffer;
}

/** Parses a note; null if it is malformed or too large. Nothing of it is verified. */
function parseNote(note: Buffer): ParsedNote | null {
  if (note.length > MAX_NOTE || !isUtf8(note)) return null;
  const whole = note.toString('utf8');
  // The last empty line ends the text, which may hold others.
  const end = whole.lastIndexOf('\n\n') + 1;
  const text = whole.slice(0, end);
  const lines = whole.slice(end + 1).split('\n');
  if (!isNoteText(text) || lines.pop() !== '' || lines.length > MAX_SIGNATURES) return null;
  const signatures = lines.map(parseSignature);
  return lines.length > 0 && signatures.every((one) => one !== null) ? { text, signatures } : null;
}

function parseSignature(line: string): NoteSignature | null {
  const [, name = '', base64 = ''] = /^— ([^ ]+) ([^ ]+)$/.exec(line) ?? [];
  const bytes = decodeBase64(base64, 'standard');
  if (!isKeyName(name) || bytes === null || bytes.length <= ID_BYTES) return null;
  const id = bytes.toString('hex', 0, ID_BYTES);
  return { name, id, signature: bytes.subarray(ID_BYTES) };
}

function encodedKey({ bytes }: VerifyingKey): Buffer {
  return Buffer.concat([Uint8Array.of(ED25519), bytes]);
}

/** Whether a text is Unicode, ends with a line feed and has no other character below U+0020. */
function isNoteText(text: string): boolean {
  const isPlain = Buffer.from(text).every((byte) => byte >= 0x20 || byte === 0x0a);
  return isPlain && text.endsWith('\n') && text.isWellFormed();
}

/** Whether a name is not empty and has no space, plus or control character. */
function isKeyName(name: string): boolean {
  return name.isWellFormed() && /^[^\s\p{White_Space}\p{Cc}+]+$/u.test(name);
}
