/** Names of commits. Pure. */

const HASH = /^[0-9a-f]{7,64}$/i;

/** Whether two texts name one commit: they are equal, or the shorter begins the longer with 7 digits or more. */
export function isSameCommit(one: string, other: string): boolean {
  if (one === other) return true;
  if (!HASH.test(one) || !HASH.test(other)) return false;
  const [short = '', long = ''] = [one.toLowerCase(), other.toLowerCase()].toSorted(
    (a, b) => a.length - b.length,
  );
  return long.startsWith(short);
}
