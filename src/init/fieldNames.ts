/**
 * Names of modules, fields and projects, made from the names of a source. Those are
 * attacker-controlled; the name of a module is always a safe file name.
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

/**
 * Reduces a text to lower-case ASCII letters, digits, `_` and `-`, at most `limit`; '' if none is
 * left.
 */
function slug(text: string, limit: number): string {
  const lower = text.normalize('NFC').toLowerCase();
  const letters = lower.replaceAll(/[äöüßæœøłđðþı]/g, (letter) => LETTERS[letter] ?? '');
  const ascii = letters.normalize('NFD').replaceAll(/\p{M}/gu, '');
  // A cut may end in a separator, too.
  const words = ascii.replaceAll(/[^a-z0-9_-]+/g, '_').replace(/^[_-]+/, '');
  return words.slice(0, limit).replace(/[_-]+$/, '');
}

/** Returns a name that no file of a candidate has and that the mapping's schema allows. */
function moduleName(table: string): string {
  const name = slug(table, MAX_MODULE_NAME - 8);
  if (name === '') return 'table';
  return /^[a-z]/.test(name) && !RESERVED.has(name) ? name : `t_${name}`;
}

/** Returns a module name for each table, in the given order; equal ones get `_2`, `_3`, …. */
export function moduleNames(tables: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  return new Map(tables.map((table) => [table, unusedName(moduleName(table), taken)]));
}

/** Whether the module's name is the table's, except for case, whitespace and accents. */
export function isExpectedName(table: string, module: string): boolean {
  return moduleName(table) === module;
}

/** Takes and returns the first free name of `name`, `name_2`, `name_3`, …. */
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

/** Returns a field name for each column: its own if a record can have such a field. */
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
