/**
 * Checks of named text formats. The whole text has to match: nothing is trimmed or repaired. Each
 * check is linear in the length of the text.
 */

import { isIban } from './iban.ts';
import { isPhone } from './phone.ts';
import { isUuid } from './uuid.ts';

export type Format = 'email' | 'phone' | 'iban' | 'ahv' | 'url' | 'hostname' | 'uuid';

/** The check of each format. */
export const FORMATS: Readonly<Record<Format, (text: string) => boolean>> = {
  email: isEmail,
  phone: isPhone,
  iban: isIban,
  ahv: isAhv,
  url: isUrl,
  hostname: isHostname,
  uuid: (text) => isUuid(text.toLowerCase()),
};

const ATOM = /^[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+$/u;

/**
 * `local@domain`: a dot-atom (RFC 5321 §4.1.2; letters beyond ASCII as in RFC 6531) of at most 64
 * octets, and a domain of two or more labels whose last one starts with a letter; at most 254
 * octets. No quoted local part, no address literal, no surrounding whitespace.
 */
function isEmail(text: string): boolean {
  if (text.length > 254) return false;
  const at = text.indexOf('@');
  if (at < 1 || at !== text.lastIndexOf('@')) return false;
  const [local, domain] = [text.slice(0, at), text.slice(at + 1)];
  if (Buffer.byteLength(local) > 64 || Buffer.byteLength(text) > 254) return false;
  if (!local.split('.').every((atom) => ATOM.test(atom))) return false;
  return isHostname(domain) && /\.\p{L}[^.]+$/u.test(domain);
}

const LABEL = /^[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?$/u;

/**
 * Labels of letters, digits and hyphens (RFC 1123 §2.1, RFC 5890 for letters beyond ASCII), of at
 * most 63 octets each and 253 in total, without a hyphen at either end; no dot at the end.
 */
function isHostname(text: string): boolean {
  if (text.length === 0 || text.length > 253) return false;
  const labels = text.split('.');
  if (!labels.every((label) => label.length <= 63 && LABEL.test(label))) return false;
  // With a last label of digits, it has to be an IPv4 address (WHATWG URL).
  return !/^\d+$/.test(labels.at(-1) ?? '') || isIpv4(labels);
}

function isIpv4(labels: readonly string[]): boolean {
  const octet = /^(?:0|[1-9]\d{0,2})$/;
  return labels.length === 4 && labels.every((part) => octet.test(part) && Number(part) <= 255);
}

/** An absolute http, https or ftp URL with a host and no whitespace (RFC 3986 §3). */
function isUrl(text: string): boolean {
  if (!/^(?:https?|ftp):\/\/[^\s/?#]/iu.test(text) || /[\s\p{Cc}<>"\\^`{|}]/u.test(text))
    return false;
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return false;
  const url = URL.parse(text);
  if (url === null) return false;
  return url.hostname.startsWith('[') || isHostname(url.hostname);
}

/** A Swiss social security number: `756.1234.5678.97` or plain, with an EAN-13 check digit. */
export function isAhv(text: string): boolean {
  if (!/^756(?:\.\d{4}\.\d{4}\.\d{2}|\d{10})$/.test(text)) return false;
  return hasEanCheckDigit(text.replaceAll('.', ''));
}

/** Whether the last of thirteen digits is the check digit of the others (GS1 specification). */
export function hasEanCheckDigit(thirteen: string): boolean {
  const digits = Array.from(thirteen, Number);
  const sum = digits.reduce((total, digit, index) => total + digit * (index % 2 === 0 ? 1 : 3), 0);
  return sum % 10 === 0;
}
