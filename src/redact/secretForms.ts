/**
 * The forms in which a secret can stand in an output: as it is, escaped, quoted, and encoded as programs and
 * protocols do it. Base64 is found inside longer base64, too, whatever comes before it. Pure.
 */

/** Shorter ones would be found everywhere. */
export const LEAST_LENGTH = 6;
/** Lines of a secret of several lines, such as a private key, that are looked for alone. */
const LEAST_LINE = 8;

/** Returns all forms of a secret, none twice; none of a text that is too short. */
export function formsOf(secret: string): readonly Buffer[] {
  const forms = new Map<string, Buffer>();
  for (const text of partsOf(secret)) {
    for (const form of [...quotedForms(text), ...encodedForms(Buffer.from(text))]) {
      const bytes = Buffer.from(form);
      if (bytes.length >= LEAST_LENGTH) forms.set(bytes.toString('latin1'), bytes);
    }
    for (const bytes of wideForms(text)) forms.set(bytes.toString('latin1'), bytes);
  }
  return [...forms.values()];
}

/** UTF-16 in both orders, as programs of Windows print it. */
function wideForms(text: string): readonly Buffer[] {
  const bytes = Buffer.from(text, 'utf16le');
  return [bytes, Buffer.from(bytes).swap16()];
}

/** Whether a secret is looked for at all: one that is too short would be found everywhere. */
export function isLookedFor(secret: string): boolean {
  return partsOf(secret).length > 0;
}

/** A secret, and what of it is one alone: the passwords of an address, and the lines of a key. */
function partsOf(secret: string): readonly string[] {
  const lines = secret.split(/[\r\n]+/).filter((line) => !line.startsWith('-----'));
  const long = lines.map((line) => line.trim()).filter(({ length }) => length >= LEAST_LINE);
  const whole = [secret, secret.trim(), ...passwordsOf(secret), ...long];
  return [...new Set(whole)].filter(({ length }) => length >= LEAST_LENGTH);
}

/** Passwords in an address, as written and decoded; programs differ on where one with `@` or `/` ends. */
function passwordsOf(secret: string): readonly string[] {
  const ends = ['[^@]*', '[^/?#]*', '[^]*'];
  const texts = [
    ...ends.map(
      (end) => new RegExp(`^[A-Za-z][A-Za-z0-9+.-]*://[^:/@]*:(${end})@`).exec(secret)?.[1],
    ),
    ...[...secret.matchAll(/[?&](?:ssl)?password=([^&#]*)/gi)].map(([, text]) => text),
    ...[...secret.matchAll(/(?:^|\s)password\s*=\s*(?:'((?:\\.|[^'\\])*)'|(\S+))/g)].map(
      ([, quoted, plain]) => quoted?.replaceAll(/\\(.)/g, '$1') ?? plain,
    ),
  ];
  return texts.flatMap((text) => (text === undefined ? [] : [text, decoded(text)]));
}

/** Decodes `%XX`; what is none stays. */
function decoded(text: string): string {
  return text.replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, (escapes) =>
    Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

function quotedForms(text: string): readonly string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const ascii = json.replaceAll(/[^\0-~]/g, unicodeEscape);
  return [
    text,
    json,
    ascii,
    // As PHP, Go and templates do it.
    json.replaceAll('/', '\\/'),
    ascii.replaceAll('/', '\\/'),
    json.replaceAll(/[<>&]/g, unicodeEscape),
    JSON.stringify(json).slice(1, -1),
    // Of shells: in single quotes, in double ones, without any, and as `set -x` writes them.
    text.replaceAll("'", "'\\''"),
    text.replaceAll("'", `'"'"'`),
    text.replaceAll(/["\\$`]/g, '\\$&'),
    text.replaceAll(/[^A-Za-z0-9_\-./:=@%+,\n]/gu, '\\$&'),
    text.replaceAll(/[^A-Za-z0-9_]/gu, '\\$&'),
    text.replaceAll(/['\\]/g, '\\$&'),
    // Of SQL: texts, escape texts, names, COPY.
    text.replaceAll("'", "''"),
    text.replaceAll('\\', '\\\\').replaceAll("'", "''"),
    text.replaceAll('"', '""'),
    text.replaceAll('\\', '\\\\'),
    markup(text, '&#39;'),
    markup(text, '&#x27;'),
    markup(text, '&apos;'),
    markup(text, "'").replaceAll('&quot;', '"'),
    ...percentForms(text),
  ];
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function markup(text: string, apostrophe: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", apostrophe);
}

/** Percent-encoded with what is reserved, with what RFC 3986 leaves, as forms do it, and every byte. */
function percentForms(text: string): readonly string[] {
  const usual = encodeURIComponent(text.toWellFormed());
  const strict = usual.replaceAll(/[!'()*]/g, percentOf);
  const forms = [
    usual,
    strict,
    strict.replaceAll('~', percentOf),
    strict.replaceAll('%20', '+').replaceAll('~', percentOf),
    usual.replaceAll('%20', '+'),
    encodeURI(text.toWellFormed()),
    Buffer.from(text).toString('hex').replaceAll(/../g, '%$&').toUpperCase(),
  ];
  const small = forms.map((form) =>
    form.replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()),
  );
  return [...forms, ...small];
}

function percentOf(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function encodedForms(bytes: Buffer): readonly string[] {
  const base64 = [bytes.toString('base64'), ...[0, 1, 2].map((before) => inside(bytes, before))];
  const hex = bytes.toString('hex');
  return [
    ...base64.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]),
    hex,
    hex.toUpperCase(),
  ];
}

/** The characters of base64 that depend on these bytes alone, after so many others. */
function inside(bytes: Buffer, before: number): string {
  const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
  return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
}
