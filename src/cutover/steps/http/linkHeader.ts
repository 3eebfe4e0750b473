/**
 * Relations of the links in a header Link (RFC 8288, 3). Headers are attacker-controlled: the time is linear in
 * their length, and what is not understood is no link. Pure.
 */

/** One link: its target, and its parameters up to the comma that ends it. */
const LINK = /<([^<>\s]*)>((?:[^",<]|"(?:[^"\\]|\\.){0,1024}")*)/g;
const PARAMETER = /;\s*([!#$%&'*+.^_`|~\w-]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",;]+)))?/g;

/**
 * Returns the relations of all links to somewhere, in small letters. A link with `anchor` is one of another
 * resource, and has none here (3.2).
 */
export function linkRelations(lines: readonly string[]): ReadonlySet<string> {
  const relations = lines.flatMap((line) =>
    [...line.matchAll(LINK)].flatMap(([, target = '', rest = '']) => {
      const parameters = new Map<string, string>();
      for (const [, name = '', quoted, plain] of rest.matchAll(PARAMETER)) {
        const key = name.toLowerCase();
        // Of several of a name, the first one counts (3.3).
        if (!parameters.has(key)) parameters.set(key, quoted ?? plain ?? '');
      }
      if (target === '' || parameters.has('anchor')) return [];
      return (parameters.get('rel') ?? '').toLowerCase().split(/\s+/);
    }),
  );
  return new Set(relations.filter((relation) => relation !== ''));
}
