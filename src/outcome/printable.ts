/** Texts for a terminal or a log: whatever a name holds, it draws nothing and breaks no line. */

/** The text with control, invisible and direction-changing characters escaped as `\u{…}`. */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
