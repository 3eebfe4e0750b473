/**
 * Names of modules, fields and projects made from names of a source, which are attacker-controlled:
 * whatever a table is called, its module's name is a safe file name.
 */

const LETTERS: Readonly<Record<string, string>> = {
  ä: 'ae',
  ö: 'oe',
  ü: 'ue',
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
};
const MAX_MODULE_NAME = 63;
const RESERVED = new Set(['checksums', 'mapping']);

/** Lower-case ASCII letters, digits, `_` and `-`, at most `limit`; '' where nothing is left. */
function slug(text: string, limit: number): string {
  const lower = text.normalize('NFC').toLowerCase();
  const letters = lower.replaceAll(/[äöüßæœøłđðþı]/g, (letter) => LETTERS[letter] ?? '');
  const ascii = letters.normalize('NFD').replaceAll(/\p{M}/gu, '');
  // A cut may end in a separator, too.
  const words = ascii.replaceAll(/[^a-z0-9_-]+/g, '_').replace(/^[_-]+/, '');
  return words.slice(0, limit).replace(/[_-]+$/, '');
}

/** A name that no file of a candidate has; always one that the mapping's schema allows. */
function moduleName(table: string): string {
  const name = slug(table, MAX_MODULE_NAME - 8);
  if (name === '') return 'table';
  return /^[a-z]/.test(name) && !RESERVED.has(name) ? name : `t_${name}`;
}

/** A module name for each table, in the given order; equal ones get `_2`, `_3`, …. */
export function moduleNames(tables: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  return new Map(tables.map((table) => [table, unusedName(moduleName(table), taken)]));
}

/** Whether the module's name is the table's but for case, blanks and accents. */
export function isExpectedName(table: string, module: string): boolean {
  return moduleName(table) === module;
}

/** `name`, or the first of `name_2`, `name_3`, … that is not taken; takes it. */
export function unusedName(name: string, taken: Set<string>): string {
  let unused = name;
  for (let number = 2; taken.has(unused); number += 1) unused = `${name}_${number}`;
  taken.add(unused);
  return unused;
}

const UNUSABLE: ReadonlyMap<string, string> = new Map([
  ['__proto__', 'proto'],
  ['~', 'tilde'],
  ['', 'unnamed'],
]);

function isUsable(name: string): boolean {
  return name.isWellFormed() && !UNUSABLE.has(name);
}

/** A field name for each column: its own wherever a record can have such a field. */
export function fieldNames(columns: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set(columns.filter(isUsable));
  return new Map(
    columns.map((name) => {
      if (isUsable(name)) return [name, name];
      return [name, unusedName(UNUSABLE.get(name) ?? name.toWellFormed(), taken)];
    }),
  );
}

/** A project's name from the label of its source: the last part of it, as a slug. */
export function suggestProjectName(label: string): string {
  const path = label.replace(/[/\\]+$/, '');
  const file = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  return slug(file.replace(/(?<=.)\.[^.]*$/, ''), MAX_MODULE_NAME) || 'migration';
}
