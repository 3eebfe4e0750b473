/** Names of people, compared: who approves must not be who built, however the name is typed. Pure. */

/** Returns the form in which names are compared: without case, spaces and Unicode form. */
export function comparedName(name: string): string {
  const folded = name.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
  return folded.replaceAll(/[\s\p{Cf}]/gu, '');
}

/** Whether two names are those of one person, as far as their letters tell. */
export function isSameName(one: string, other: string): boolean {
  return comparedName(one) === comparedName(other);
}
