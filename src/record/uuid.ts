/** UUIDs of RFC 9562 made from content: version 5 (§5.5) and version 8 (§5.8). */

import { createHmac, hash } from 'node:crypto';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** True for the lower-case text form, of any version. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** The 16 bytes of a UUID's text form. */
export function uuidBytes(text: string): Uint8Array {
  return Buffer.from(text.replaceAll('-', ''), 'hex');
}

/** The lower-case text form of 32 hex digits. */
export function uuidText(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** Sets version and variant in 32 hex digits and returns the text form. */
function withVersion(hex: string, version: '5' | '8'): string {
  const variant = '89ab'[Number.parseInt(hex[16] ?? '0', 16) & 3] ?? '8';
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${version}${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** A function from names to UUIDs of version 5 in `namespace`: SHA-1(namespace ‖ UTF-8 name). */
export function uuidV5(namespace: string): (name: string) => string {
  const space = uuidBytes(namespace);
  let scratch = Buffer.alloc(1024);
  scratch.set(space);
  return (name) => {
    // Three bytes is the most that a UTF-16 unit takes in UTF-8.
    if (scratch.length < 16 + name.length * 3) {
      scratch = Buffer.alloc(16 + name.length * 6);
      scratch.set(space);
    }
    const end = 16 + scratch.write(name, 16, 'utf8');
    return withVersion(hash('sha1', scratch.subarray(0, end), 'hex'), '5');
  };
}

/** Version 5 over bytes instead of a name. */
export function uuidV5OfBytes(namespace: string, name: Uint8Array): string {
  return withVersion(hash('sha1', Buffer.concat([uuidBytes(namespace), name]), 'hex'), '5');
}

/** Version 8: the first 128 bits of HMAC-SHA-256(key, name), version and variant set. */
export function uuidV8(key: Uint8Array, name: Uint8Array): string {
  return withVersion(createHmac('sha256', key).update(name).digest('hex').slice(0, 32), '8');
}
