/**
 * Grants by which a role may write: as the catalogue has them, as the journal notes them, and as the
 * statements that make and revoke them. Pure. A list of grants is in the order in which they can be made:
 * one that its grantor made by a grant option comes after the grant of that option.
 */

import { quote } from '../../sql/quote.ts';
import { identifier, nameOf } from './tableName.ts';

export interface Grant {
  /** As GRANT names it: a view is a TABLE. */
  readonly kind: 'TABLE' | 'SEQUENCE';
  readonly schema: string;
  readonly name: string;
  /** Null for the whole relation. */
  readonly column: string | null;
  readonly grantor: string;
  /** Null for PUBLIC. */
  readonly grantee: string | null;
  readonly privilege: Privilege;
  /** Whether the grantee may grant it to others. */
  readonly grantable: boolean;
}

/** Privileges by which rows, or the numbers of a sequence, change; with their letters in an ACL. */
const LETTERS = { INSERT: 'a', UPDATE: 'w', DELETE: 'd', TRUNCATE: 'D', USAGE: 'U' } as const;
export type Privilege = keyof typeof LETTERS;
const PRIVILEGES = Object.keys(LETTERS) as Privilege[];

/** Identifies a grant; two are equal if their texts are. */
export function textOf({ grantable, ...grant }: Grant): string {
  return JSON.stringify([...objectOf(grant), grant.privilege, grantable]);
}

type Named = Omit<Grant, 'privilege' | 'grantable'>;

function objectOf({ kind, schema, name, column, grantor, grantee }: Named): (string | null)[] {
  return [kind, schema, name, column, grantor, grantee];
}

/** Whether `found` allows all that `noted` does. */
function covers(found: ReadonlySet<string>, noted: Grant): boolean {
  return found.has(textOf(noted)) || found.has(textOf({ ...noted, grantable: true }));
}

/** Returns the grants that are noted and not there. */
export function missingFrom(found: readonly Grant[], noted: readonly Grant[]): Grant[] {
  const there = new Set(found.map(textOf));
  return noted.filter((grant) => !covers(there, grant));
}

/** Returns the grants that are there and were not noted. */
export function addedTo(found: readonly Grant[], noted: readonly Grant[]): Grant[] {
  const known = new Set(noted.map(textOf));
  return found.filter((grant) => !known.has(textOf(grant)));
}

/**
 * Orders grants, those of the owners first. `orphans` are by roles that hold no grant option now, and
 * cannot be made again.
 */
export function inOrder(
  grants: readonly Grant[],
  isOwner: (grant: Grant) => boolean,
): { readonly ordered: readonly Grant[]; readonly orphans: readonly Grant[] } {
  const ordered: Grant[] = [];
  let left = [...grants];
  const options = new Set<string>();
  for (;;) {
    const ready = left.filter((grant) => isOwner(grant) || mayBeMade(grant, options));
    if (ready.length === 0) return { ordered, orphans: left };
    left = left.filter((grant) => !ready.includes(grant));
    ordered.push(...ready);
    for (const grant of ready) if (grant.grantable) options.add(optionOf(grant, grant.grantee));
  }
}

/** A grant option on a relation is one on each of its columns. */
function mayBeMade(grant: Grant, options: ReadonlySet<string>): boolean {
  const whole = { ...grant, column: null };
  return options.has(optionOf(grant, grant.grantor)) || options.has(optionOf(whole, grant.grantor));
}

function optionOf({ kind, schema, name, column, privilege }: Grant, role: string | null): string {
  return JSON.stringify([kind, schema, name, column, privilege, role]);
}

/** Returns the statement that makes a grant, for its grantor. */
export function grantStatement(grant: Grant): string {
  return `GRANT ${what(grant)} TO ${role(grant)}${grant.grantable ? ' WITH GRANT OPTION' : ''}`;
}

/** Returns the statement that revokes a grant, for its grantor. It fails if others depend on it. */
export function revokeStatement(grant: Grant): string {
  return `REVOKE ${what(grant)} FROM ${role(grant)}`;
}

function what({ kind, schema, name, column, privilege }: Grant): string {
  const columns = column === null ? '' : ` (${quote(column)})`;
  return `${privilege}${columns} ON ${kind} ${identifier(schema, name)}`;
}

function role({ grantee }: Grant): string {
  return grantee === null ? 'PUBLIC' : quote(grantee);
}

/** Shows a grant to a person. */
export function showGrant({ schema, name, column, grantor, grantee, privilege }: Grant): string {
  const place = JSON.stringify(nameOf(schema, name));
  const part = column === null ? '' : ` of column ${JSON.stringify(column)}`;
  const to = grantee === null ? 'PUBLIC' : JSON.stringify(grantee);
  return `${privilege}${part} on ${place} to ${to} by ${JSON.stringify(grantor)}`;
}

/** An entry of the journal's: six names, and the letters of privileges, each with `*` if it may be granted. */
type Noted = readonly (string | null)[];

/** Writes grants as the journal notes them; neighbours that differ in their privilege are one entry. */
export function encodeGrants(grants: readonly Grant[]): string {
  const entries: { names: string; letters: string }[] = [];
  for (const grant of grants) {
    const names = JSON.stringify(objectOf(grant)).slice(0, -1);
    const letters = `${LETTERS[grant.privilege]}${grant.grantable ? '*' : ''}`;
    const last = entries.at(-1);
    if (last?.names === names) last.letters += letters;
    else entries.push({ names, letters });
  }
  return `[${entries.map(({ names, letters }) => `${names},${JSON.stringify(letters)}]`).join()}]`;
}

/** Reads what {@link encodeGrants} wrote; null if it is none. */
export function decodeGrants(text: string): Grant[] | null {
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(entries)) return null;
  const grants = entries.map(readEntry);
  return grants.every((read) => read !== null) ? grants.flat() : null;
}

function readEntry(entry: unknown): Grant[] | null {
  if (!Array.isArray(entry) || entry.length !== 7) return null;
  const [kind, schema, name, column, grantor, grantee, letters] = entry as Noted;
  const texts = [schema, name, grantor, letters].every((text) => typeof text === 'string');
  const maybe = [column, grantee].every((text) => text === null || typeof text === 'string');
  if (!texts || !maybe || (kind !== 'TABLE' && kind !== 'SEQUENCE')) return null;
  const found = String(letters).match(/[awdDU]\*?/g) ?? [];
  if (found.join('') !== letters) return null;
  return found.map((letter) => ({
    kind,
    schema: String(schema),
    name: String(name),
    column: column ?? null,
    grantor: String(grantor),
    grantee: grantee ?? null,
    privilege: PRIVILEGES.find((of) => LETTERS[of] === letter[0]) ?? 'USAGE',
    grantable: letter.endsWith('*'),
  }));
}
