/** How the journal notes grants, and in which order they are made again. */

import { describe, expect, it } from 'vitest';

import {
  decodeGrants,
  encodeGrants,
  grantStatement,
  inOrder,
  missingFrom,
  revokeStatement,
  type Grant,
} from '../../src/source/postgres/grants.ts';

const BASE: Grant = {
  kind: 'TABLE',
  schema: 'public',
  name: 'dog',
  column: null,
  grantor: 'ada',
  grantee: 'app',
  privilege: 'INSERT',
  grantable: false,
};

const NAME = 'a"b, \\ [ü]';

const GRANTS: readonly Grant[] = [
  { ...BASE, grantable: true },
  { ...BASE, privilege: 'DELETE' },
  { ...BASE, privilege: 'TRUNCATE', grantee: null },
  { ...BASE, privilege: 'UPDATE', column: NAME, grantor: 'app', grantee: NAME },
  { ...BASE, kind: 'SEQUENCE', privilege: 'USAGE', name: NAME, schema: NAME },
];

describe('grants in the journal', () => {
  it('are read as they were written, and as short as their letters', () => {
    const text = encodeGrants(GRANTS);
    expect(text.startsWith('[["TABLE","public","dog",null,"ada","app","a*d"],')).toBe(true);
    expect(decodeGrants(text)).toEqual(GRANTS);
  });

  it.each([
    '53514c',
    '',
    '{}',
    '[1]',
    '[[]]',
    '[["TABLE","a","b",null,"c","d","x"]]',
    '[["VIEW"]]',
  ])('are not read from %j', (text) => {
    expect(decodeGrants(text)).toBe(null);
  });
});

describe('the order of grants', () => {
  it('has what a grantor needs before what it granted, also of a column by the right on all', () => {
    const root = { ...BASE, grantable: true };
    const second = { ...BASE, grantor: 'app', grantee: 'bob', grantable: true, column: 'id' };
    const third = { ...BASE, grantor: 'bob', grantee: 'cy', column: 'id' };
    const lost = { ...third, privilege: 'UPDATE' } as const;
    const { ordered, orphans } = inOrder([third, lost, second, root], ({ grantor }) => {
      return grantor === 'ada';
    });
    expect(ordered).toEqual([root, second, third]);
    expect(orphans).toEqual([lost]);
  });
});

describe('the statement of a grant', () => {
  it('quotes each name, and revokes what it grants', () => {
    const grant: Grant = { ...BASE, column: NAME, name: 'a"b', grantable: true };
    const on = 'INSERT ("a""b, \\ [ü]") ON TABLE "public"."a""b"';
    expect(grantStatement(grant)).toBe(`GRANT ${on} TO "app" WITH GRANT OPTION`);
    expect(revokeStatement(grant)).toBe(`REVOKE ${on} FROM "app"`);
    expect(revokeStatement({ ...BASE, grantee: null })).toContain('FROM PUBLIC');
  });
});

describe('what is missing', () => {
  it('is not a right that may be granted on where it need not', () => {
    expect(missingFrom([{ ...BASE, grantable: true }], [BASE])).toEqual([]);
    expect(missingFrom([BASE], [{ ...BASE, grantable: true }])).toHaveLength(1);
  });
});
