/**
 * Base64 (RFC 4648), strict: a text is accepted only if encoding its bytes gives it back. So there is
 * no whitespace, no character of another alphabet, no garbage after the end, no padding too many or
 * too few, and the unused bits of the last character are zero (§3.5).
 */

/** `standard` (§4) and `urlsafe` (§5) with padding, `unpadded` the URL-safe alphabet without. */
export type Base64Form = 'standard' | 'urlsafe' | 'unpadded';

export function encodeBase64(bytes: Buffer, form: Base64Form): string {
  if (form === 'standard') return bytes.toString('base64');
  const text = bytes.toString('base64url');
  return form === 'unpadded' ? text : text.padEnd(Math.ceil(text.length / 4) * 4, '=');
}

/** Decodes a text; null if it is not exactly what {@link encodeBase64} writes. */
export function decodeBase64(text: string, form: Base64Form): Buffer | null {
  // Node's decoder takes both alphabets and skips what it does not know.
  const bytes = Buffer.from(text, 'base64');
  return encodeBase64(bytes, form) === text ? bytes : null;
}
