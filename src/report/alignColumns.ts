/** Tables of text. Pure. */

/** Aligns the first column to the left, `numbers` columns after it to the right; others are last. */
export function alignColumns(rows: readonly (readonly string[])[], numbers: number): string[] {
  const widths = Array.from({ length: numbers + 1 }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
}
