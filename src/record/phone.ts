/** Telephone numbers: international ones (ITU-T E.164), and national ones with a leading zero. */

/** Assigned country codes (ITU-T E.164 list). */
const COUNTRY_CODES: ReadonlySet<string> = new Set(
  (
    '1 7 20 211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234 235 ' +
    '236 237 238 239 240 241 242 243 244 245 246 247 248 249 250 251 252 253 254 255 256 257 258 ' +
    '260 261 262 263 264 265 266 267 268 269 27 290 291 297 298 299 30 31 32 33 34 350 351 352 ' +
    '353 354 355 356 357 358 359 36 370 371 372 373 374 375 376 377 378 379 380 381 382 383 385 ' +
    '386 387 389 39 40 41 420 421 423 43 44 45 46 47 48 49 500 501 502 503 504 505 506 507 508 ' +
    '509 51 52 53 54 55 56 57 58 590 591 592 593 594 595 596 597 598 599 60 61 62 63 64 65 66 670 ' +
    '672 673 674 675 676 677 678 679 680 681 682 683 685 686 687 688 689 690 691 692 800 808 81 ' +
    '82 84 850 852 853 855 856 870 878 880 881 882 883 886 888 90 91 92 93 94 95 960 961 962 963 ' +
    '964 965 966 967 968 970 971 972 973 974 975 976 977 979 98 992 993 994 995 996 998'
  ).split(' '),
);

/** Minimum and maximum number of digits after a country code, if its plan defines them. */
const NATIONAL_DIGITS: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['1', [10, 10]],
  ['33', [9, 9]],
  ['39', [6, 11]],
  ['41', [9, 9]],
  ['423', [7, 9]],
  ['43', [7, 13]],
  ['49', [6, 13]],
]);

const SHAPE = /^(?:\+|\(?\d)[\d \u00a0./()-]*\d$/;
/** Invalid separators: two in a row, or parentheses that are not one pair. */
const ODD = /[./-]\s?[./-]|\s\s|\(\D|\([^)]*$|^[^(]*\)|\).*[()]/;

/**
 * Whether a text is a telephone number: `+` or `00` and an assigned country code, 7 to 15 digits in
 * all; or 10 to 13 digits with one leading 0, as shorter ones cannot be distinguished from numbers
 * that were cut off. Spaces, hyphens, points, slashes and one pair of parentheses may separate the
 * digits; `+41 (0)44 …` counts as `+41 44 …`.
 */
export function isPhone(text: string): boolean {
  if (text.length > 40 || !SHAPE.test(text) || ODD.test(text)) return false;
  const international = /^(?:\+|00)/.exec(text)?.[0];
  if (international === undefined) {
    const digits = text.replaceAll(/\D/g, '');
    return /^0[1-9]\d{8,11}$/.test(digits);
  }
  const rest = text.slice(international.length).replace(/\(0\)/, '');
  return isInternational(rest.replaceAll(/\D/g, ''));
}

function isInternational(digits: string): boolean {
  if (digits.length < 7 || digits.length > 15) return false;
  const code = [1, 2, 3].map((length) => digits.slice(0, length)).find((c) => COUNTRY_CODES.has(c));
  if (code === undefined) return false;
  const national = digits.length - code.length;
  const [fewest, most] = NATIONAL_DIGITS.get(code) ?? [4, 14];
  return national >= fewest && national <= most;
}
