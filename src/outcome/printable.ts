/** Texts for a terminal or a log: no name can move the cursor or break a line. */

/** Escapes control, invisible and bidirectional control characters as `\u{…}`. */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
