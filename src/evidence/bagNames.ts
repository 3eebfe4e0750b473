/**
 * Names and lines of a manifest of BagIt 1.0 (RFC 8493 §2.1.3): LF, CR and % are percent-encoded. A
 * name that could be a path outside of the bag on any system is refused. Pure.
 */

/** A line of a manifest. */
export interface ManifestLine {
  readonly sha256: string;
  /** Relative to the bag, with `/`. */
  readonly path: string;
}

export function encodeName(path: string): string {
  return path.replaceAll('%', '%25').replaceAll('\n', '%0A').replaceAll('\r', '%0D');
}

export function decodeName(name: string): string {
  if (!name.includes('%')) return name;
  return name.replaceAll(/%0a/gi, '\n').replaceAll(/%0d/gi, '\r').replaceAll('%25', '%');
}

/** Whether a path may point outside of the bag, or is written in another way than the usual one. */
export function isDangerous(path: string): boolean {
  if (!path.isWellFormed() || /[\0\\]/.test(path) || /^(?:~|[A-Za-z]:)/.test(path)) return true;
  // A part that is empty, a dot or two.
  return /(?:^|\/)\.{0,2}(?:\/|$)/.test(path);
}

/** Sorts lines ascending by path, as UTF-8. */
export function sortedLines<L extends ManifestLine>(lines: readonly L[]): readonly L[] {
  return lines
    .map((line) => ({ line, key: Buffer.from(line.path) }))
    .sort((a, b) => Buffer.compare(a.key, b.key))
    .map(({ line }) => line);
}

/** Formats a manifest of sorted lines, as `sha256sum -c --strict` reads it. */
export function formatManifest(lines: readonly ManifestLine[]): string {
  return lines.map(({ sha256, path }) => `${sha256}  ${encodeName(path)}\n`).join('');
}

/** Parses a manifest; null if a line is malformed, dangerous or there twice. */
export function parseManifest(text: string): ManifestLine[] | null {
  const lines: ManifestLine[] = [];
  const parts = text.split(text.includes('\r') ? /\r\n|\n|\r/ : '\n');
  if (parts.pop() !== '') return null;
  for (const part of parts) {
    const [, sha256 = '', name = ''] = /^([0-9a-f]{64}) [ *](.+)$/i.exec(part) ?? [];
    const path = decodeName(name);
    if (sha256 === '' || isDangerous(path)) return null;
    lines.push({ sha256: sha256.toLowerCase(), path });
  }
  return new Set(lines.map(({ path }) => path)).size === lines.length ? lines : null;
}
