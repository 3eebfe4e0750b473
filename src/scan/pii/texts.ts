/** The texts in a value of a record, and places in them. */

/** Yields all texts and numbers in a value, names included. Nesting may be too deep for recursion. */
export function* textsIn(
  value: unknown,
): Generator<{ readonly text: string; readonly isName: boolean }> {
  const open = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next === 'string' || typeof next === 'number') {
      yield { text: String(next), isName: false };
    }
    if (typeof next !== 'object' || next === null) continue;
    for (const [name, inner] of Object.entries(next)) {
      if (!Array.isArray(next)) yield { text: name, isName: true };
      open.push(inner);
    }
  }
}

/** Counts the code points in the first `units` code units of a text. */
export function codePoints(text: string, units: number): number {
  let count = 0;
  for (let at = 0; at < units; at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) count += 1;
  return count;
}
