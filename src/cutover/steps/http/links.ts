/**
 * Links and anchors of a text of HTML or Markdown. Texts are attacker-controlled: the time is linear in their
 * length, and what is not understood is no link. Pure.
 */

export type LinkedForm = 'html' | 'markdown';

export interface Linked {
  /** Targets as written, each once. */
  readonly links: readonly string[];
  /** What a link with `#` can name. */
  readonly anchors: ReadonlySet<string>;
}

/** Finds the links and anchors of a text. */
export function linkedIn(text: string, form: LinkedForm): Linked {
  const { links, anchors } = form === 'html' ? inHtml(text) : inMarkdown(text);
  return { links: [...new Set(links.map((link) => link.trim()))], anchors: new Set(anchors) };
}

interface Found {
  readonly links: readonly string[];
  readonly anchors: readonly string[];
}

const TAG = /<([a-z][a-z0-9]*)\b([^<>]*)>/gi;
const ATTRIBUTE = /\s(href|src|id|name|rel)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/gi;
/** Hosts that a page will need, and no page. */
const HINTS = /^(?:preconnect|dns-prefetch)$/i;

function inHtml(text: string): Found {
  const links: string[] = [];
  const anchors: string[] = [];
  for (const [, tag = '', rest = ''] of withoutComments(text).matchAll(TAG)) {
    const attributes = new Map(
      [...rest.matchAll(ATTRIBUTE)].map(([, name = '', double, single, bare]) => {
        return [name.toLowerCase(), decoded(double ?? single ?? bare ?? '')] as const;
      }),
    );
    const target = attributes.get('href') ?? attributes.get('src');
    const isHint = HINTS.test(attributes.get('rel') ?? '');
    if (target !== undefined && tag.toLowerCase() !== 'base' && !isHint) links.push(target);
    const id = attributes.get('id');
    const name = tag.toLowerCase() === 'a' ? attributes.get('name') : undefined;
    anchors.push(...[id, name].filter((one) => one !== undefined));
  }
  return { links, anchors };
}

function withoutComments(text: string): string {
  let result = '';
  let from = 0;
  for (;;) {
    const start = text.indexOf('<!--', from);
    const end = start < 0 ? -1 : text.indexOf('-->', start);
    if (end < 0) return result + text.slice(from, start < 0 ? undefined : start);
    result += text.slice(from, start);
    from = end + '-->'.length;
  }
}

function decoded(text: string): string {
  return text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&');
}

const INLINE = /\]\(\s*(?:<([^<>\n]*)>|([^\s()<>]+(?:\([^\s()<>]*\)[^\s()<>]*)?))/g;
const DEFINITION = /^ {0,3}\[[^\]\n]+\]:[ \t]*(?:<([^<>\n]*)>|(\S+))/gm;
const AUTOMATIC = /<(https?:\/\/[^\s<>]*)>/gi;

function inMarkdown(text: string): Found {
  const prose = withoutCode(text);
  const html = inHtml(prose);
  const written = [INLINE, DEFINITION].flatMap((form) =>
    [...prose.matchAll(form)].map(([, whole, bare]) => whole ?? bare ?? ''),
  );
  const automatic = [...prose.matchAll(AUTOMATIC)].map(([, link = '']) => link);
  return {
    links: [...written, ...automatic, ...html.links],
    anchors: [...headingAnchors(prose), ...html.anchors],
  };
}

const FENCE = /^ {0,3}(`{3,}|~{3,})/;

/** Drops blocks and pieces of code, in which nothing is a link. */
function withoutCode(text: string): string {
  let fence: string | null = null;
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    const [, mark] = FENCE.exec(line) ?? [];
    if (fence !== null) {
      if (mark !== undefined && mark.startsWith(fence) && line.trim() === mark) fence = null;
    } else if (mark === undefined) {
      lines.push(line.replaceAll(/`[^`]*`/g, (code) => code.replaceAll(/[[\]()<>`]/g, '')));
    } else {
      fence = mark;
    }
  }
  return lines.join('\n');
}

/** Names of headings as GitHub makes them: a second one of a name has a number. */
function headingAnchors(prose: string): readonly string[] {
  const lines = prose.split('\n');
  const seen = new Map<string, number>();
  return lines.flatMap((line, at) => {
    const [, marked] = /^ {0,3}#{1,6}[ \t]+(\S.*)$/.exec(line) ?? [];
    const isUnderlined =
      line.trim() !== '' && /^ {0,3}(?:=+|-+)[ \t]*\r?$/.test(lines[at + 1] ?? '');
    const heading = marked ?? (isUnderlined ? line : null);
    if (heading === null) return [];
    const slug = slugOf(heading);
    const number = seen.get(slug) ?? 0;
    seen.set(slug, number + 1);
    return [number === 0 ? slug : `${slug}-${number}`];
  });
}

function slugOf(heading: string): string {
  return heading
    .replaceAll(/\]\([^()\s]*\)/g, '')
    .replace(/[ \t]#+[ \t]*$/, '')
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
}
