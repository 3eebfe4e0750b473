/** Ways to break the proof of a policy on personal data. */

import { killedByFiles as of, type Mutant } from './mutant.ts';

const PASTES = ['test/scan/pii/pastes.test.ts'];
const ATTACKS = ['test/scan/pii/attacks.test.ts', ...PASTES];
const END_TO_END = ['test/treatment/endToEnd.test.ts', 'test/treatment/accepted.test.ts'];
const CELLS = ['test/scan/pii.test.ts', 'test/scan/piiInLines.test.ts', 'test/rules/rules.test.ts'];

export const PERSONAL_DATA: readonly Mutant[] = [
  ...of(true, 'scan/pii/taintOfSources.ts', ATTACKS, [
    [
      'names in two columns are not looked for',
      'if (text !== null && more !== null) yield',
      'if (text === null && more !== null) yield',
    ],
    [
      'what a treated column holds is kept',
      'some((id) => treated.has(id))) continue;',
      'some(() => false)) continue;',
    ],
  ]),
  ...of(true, 'flow/provePolicies.ts', ATTACKS, [
    [
      'a leak does not stop migrate',
      'if (count > 0 && options.allowBlockers !== true) {',
      'if (count < 0 && options.allowBlockers !== true) {',
    ],
  ]),
  ...of(true, 'scan/pii/expectedPasses.ts', END_TO_END, [
    [
      'a value of another record is only a warning',
      'if (!scope.pii.unchanged) {',
      'if (scope.pii.searches) {',
    ],
  ]),
  ...of(true, 'scan/pii/piiFinding.ts', END_TO_END, [
    ['an acceptance does not end', 'if (until < scope.pii.today)', "if (until < '0000')"],
  ]),
  ...of(true, 'scan/pii/searchValue.ts', CELLS, [
    [
      'a class that is not declared is let through',
      '!field.allowed.includes(of)',
      'field.allowed.includes(of)',
    ],
    [
      'a shape is not looked at',
      'const isShaped = shape?.(text) ?? true;',
      'const isShaped = true;',
    ],
  ]),
  ...of(true, 'findings/guardReport.ts', CELLS, [
    [
      'a key that is personal is shown',
      'if (counts.length === 0) return 0;',
      'if (counts.length >= 0) return 0;',
    ],
  ]),
  ...of(
    true,
    'promote/checksDigest.ts',
    ['test/promote/checksDigest.test.ts'],
    [['a scan counts on an acceptance that has ended', 'until >= today', "until >= ''"]],
  ),
];
