/** The one order of names in schemas: ascending by UTF-8 bytes, whatever the locale. */

/** Negative, zero or positive, as Array.sort wants it. */
export function compareNames(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'));
}
