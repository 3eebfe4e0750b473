/** The key of a record as stored forms of personal data depend on it. */

export type KeyParts = readonly (string | number | boolean)[];

/** Returns the members in this order; a record that lacks one has another key than any sealed one. */
export function partsOf(
  record: Readonly<Record<string, unknown>>,
  members: readonly string[],
): KeyParts {
  return members.map((name) => {
    const part = Object.hasOwn(record, name) ? record[name] : '';
    return typeof part === 'string' || typeof part === 'number' || typeof part === 'boolean'
      ? part
      : '';
  });
}
