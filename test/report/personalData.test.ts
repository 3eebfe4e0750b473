/** What a report says of personal data, to those who sign for it. */

import { describe, expect, it } from 'vitest';

import type { Finding } from '../../src/outcome/finding.ts';
import type { ModulePrivacy } from '../../src/outcome/privacy.ts';
import { checkedLines } from '../../src/report/checkedLines.ts';
import { classUses, personalData } from '../../src/report/personalData.ts';
import { summary } from '../../src/report/summary.ts';
import { checkedWith, outcomeOf, pageOf, PRIVACY, TIMING } from './html/examples.ts';

const [KUNDEN, HUNDE] = PRIVACY as readonly [ModulePrivacy, ModulePrivacy];

/** The section of the page as text: without markup, one space between words; '' for none. */
function sectionOf(privacy: readonly ModulePrivacy[], findings: readonly Finding[] = []): string {
  const page = pageOf(outcomeOf(findings, { checked: checkedWith(privacy), sealId: 'ab' }));
  const [, section = ''] = /<section class="privacy"(.*?)<\/section>/s.exec(page) ?? [];
  return section.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
}

function finding(rule: string, severity: Finding['severity']): Finding {
  return { rule, severity, module: 'kunden', field: 'note', reason: 'it holds EMAIL' };
}

describe('the line of a terminal', () => {
  it.each([
    [
      PRIVACY,
      'personal data: 2,400,000 of 2,400,000 cells searched, 3 classes declared in 1 module',
    ],
    [[HUNDE], 'personal data: 600,000 of 600,000 cells searched, no class declared'],
    [
      [{ ...HUNDE, cellsPresent: 1, cellsScanned: 0 }],
      'personal data: 0 of 1 cell searched, no class declared',
    ],
    [[], 'personal data: 0 of 0 cells searched, no class declared'],
  ])('%#', (privacy, line) => {
    expect(checkedLines(checkedWith(privacy))).toContain(line);
  });

  it('is not there where personal data was not searched for', () => {
    const { privacy: _, ...checked } = checkedWith([]);
    expect(checkedLines(checked).filter((line) => line.startsWith('personal'))).toEqual([]);
  });
});

describe('what a module does with a class', () => {
  it('is its treatments, what it allows, and what is there that it does not allow', () => {
    const none = { mayContain: 0, undeclared: 0, notPersonal: 0 };
    expect([...classUses(KUNDEN)]).toEqual([
      ['AHV', { ...none, treatments: new Map(), notPersonal: 3 }],
      ['EMAIL', { ...none, treatments: new Map([['plain', 1]]) }],
      ['FREE_TEXT', { ...none, treatments: new Map([['plain', 1]]) }],
      ['PHONE', { ...none, treatments: new Map([['dropped', 1]]), mayContain: 1 }],
    ]);
  });

  it('counts values of a class that its field does not declare, and no others', () => {
    const found = { EMAIL: 2, PHONE: 4, IBAN: 7 };
    const fields = KUNDEN.fields.map((field) => ({ ...field, found }));
    const uses = classUses({ ...KUNDEN, fields });
    const undeclared = [...uses].map(([of, use]) => `${of} ${use.undeclared} ${use.notPersonal}`);
    // e-mail and note hold three each, of which the policy allows e-mail here and phone there.
    expect(undeclared).toEqual(['EMAIL 2 2', 'FREE_TEXT 0 0', 'IBAN 14 7', 'PHONE 4 4']);
  });
});

describe('the pages on personal data', () => {
  it('name classes, treatments, purposes and cells, and have lines for a signature', () => {
    const text = sectionOf(PRIVACY);
    expect(text).toContain('All 2,400,000 cells of 2 modules were searched');
    expect(text).toContain('kunden ! declared not personal: 3 values plain plain dropped');
    expect(text).toContain('allowed in 1 other field');
    expect(text).toContain('kunden · email EMAIL plain contact 600,000');
    expect(text).toContain('kunden · fax PHONE dropped no longer in use 0');
    expect(text).toContain('kunden names all fields 3 1,800,000 1,800,000 ✓ all');
    expect(text).toContain('Without a policy: 1 module (hunde).');
    expect(text).toMatch(/Place.*Date.*Name.*Signature/);
    expect(text).not.toContain('✗');
  });

  it.each([
    [-1, '✗ 1 not searched'],
    [-1234, '✗ 1,234 not searched'],
    [2, '✗ 2 more than present'],
  ])('mark a number of searched cells that is off by %i', (apart, mark) => {
    const off = { ...KUNDEN, cellsScanned: KUNDEN.cellsPresent + apart };
    const text = sectionOf([off, HUNDE]);
    expect(text).toContain(mark);
    expect(text).toContain('is not the number of cells that are there (2,400,000).');
    expect(text).not.toContain('All 2,400,000');
  });

  it('list findings by rule, and say what is open and what is unproven', () => {
    const text = sectionOf(PRIVACY, [
      finding('pii-undeclared', 'BLOCKER'),
      finding('pii-undeclared', 'INFO'),
      finding('pii-unproven', 'WARNING'),
      finding('type', 'BLOCKER'),
    ]);
    expect(text).toMatch(/pii-undeclared [A-Z][^.]* 1 0 1 pii-unproven/);
    expect(text).toContain('pii-undeclared: 1 blocker.');
    expect(text).toContain('Unproven: 1 statement of the policies');
    expect(text).not.toMatch(/\btype\b/);
  });

  it('list acceptances with their last day, and mark those that are over', () => {
    const about = { rule: 'pii-undeclared', reason: 'an office', by: 'Ada', findings: 2 };
    const acceptances = [
      { ...about, fp: 'f:1', until: '2099-12-31', ended: false },
      { ...about, fp: 'f:2', until: '2020-01-31', ended: true },
    ];
    const text = sectionOf([{ ...KUNDEN, acceptances }]);
    expect(text).toContain('f:1 an office Ada 2099-12-31 2');
    expect(text).toContain('✗ 2020-01-31 , which is over');
    expect(text).toContain('1 acceptance of findings, whose last day is over.');
  });

  it('are short where there is no policy and nothing is found', () => {
    const text = sectionOf([HUNDE]);
    expect(text).toContain('None was found, and the mapping declares none.');
    expect(text).not.toMatch(/Classes and|Declared fields|Findings by|Accepted/);
    expect(text).toContain('Signature');
  });

  it('name fields that a policy allows without a declaration', () => {
    const text = sectionOf([{ ...HUNDE, declared: true, default: 'allow' }]);
    expect(text).toContain('Not declared, but allowed by the policy of hunde: 1 field (name).');
  });

  it('split a wide matrix, so that it fits on paper', () => {
    const fields = Array.from({ length: 13 }, (_, at) => {
      return { ...HUNDE.fields[0], field: `f${at}`, class: `CLASS_${at}`, treatment: 'plain' };
    }) as ModulePrivacy['fields'];
    const text = sectionOf([{ ...HUNDE, fields }]);
    expect(text.split('Classes and their treatment')).toHaveLength(4);
    for (let at = 0; at < 13; at += 1) expect(text).toContain(`CLASS_${at} `);
  });

  it('are not there where personal data was not searched for (negative control)', () => {
    expect(pageOf(outcomeOf([]))).not.toContain('class="privacy"');
    expect(personalData(outcomeOf([]))).toBeNull();
    expect(summary(outcomeOf([]), TIMING)).not.toHaveProperty('personalData');
  });

  it('say that modules were left out', () => {
    const checked = { ...checkedWith(PRIVACY), isPartial: true };
    const only = 'Only some modules of the candidate were searched.';
    expect(pageOf(outcomeOf([], { checked }))).toContain(only);
    expect(sectionOf(PRIVACY)).not.toContain(only);
  });

  it('say of a rehearsal that nothing is sealed', () => {
    expect(pageOf(outcomeOf([], { checked: checkedWith(PRIVACY) }))).toContain('Nothing is sealed');
  });
});

it('the summary has the same numbers for programs', () => {
  const findings = [finding('pii-undeclared', 'BLOCKER')];
  const outcome = outcomeOf(findings, { checked: checkedWith(PRIVACY) });
  expect(summary(outcome, TIMING)['personalData']).toMatchObject({
    cellsPresent: 2_400_000,
    cellsScanned: 2_400_000,
    declared: ['EMAIL', 'FREE_TEXT', 'PHONE'],
    declaring: 1,
    findings: [{ rule: 'pii-undeclared', BLOCKER: 1, WARNING: 0, INFO: 0 }],
    withoutPolicy: ['hunde'],
    undeclared: [],
  });
});
