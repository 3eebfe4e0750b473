/** Names and texts as SQL. */

/** A name of a table, column or index as an identifier, whatever is in it. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as a literal. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
