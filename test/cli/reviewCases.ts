/** What may be wrong with review and evidence, before a candidate is read. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Case } from './messageCase.ts';

const REVIEW: readonly string[] = ['review', '--project', 'PROJECT'];
const APPROVE: readonly string[] = [...REVIEW, '--approve'];
const ACCEPT: readonly string[] = [...REVIEW, '--accept', 'PROJECT/approval.json'];

export const REVIEWS: readonly Case[] = [
  { name: 'a review of nothing', args: REVIEW, code: 1 },
  { name: 'a review of a seal id that is none', args: [...REVIEW, 'latest'], code: 64 },
  { name: 'an approval without a name', args: APPROVE, code: 64 },
  {
    name: 'an approval that is made and accepted',
    args: [...APPROVE, '--accept', 'approval.json'],
    code: 64,
  },
  {
    name: 'an approval that is signed here and elsewhere',
    args: [...APPROVE, '--key', 'berta', '--write', 'approval.json'],
    code: 64,
  },
  { name: 'a key without an approval', args: [...REVIEW, '--key', 'berta'], code: 64 },
  {
    name: 'a signature of nothing',
    args: [...REVIEW, '--signature', 'approval.json.sig'],
    code: 64,
  },
  { name: 'an approval that is not there', args: ACCEPT, code: 64 },
  {
    name: 'an approval that is none',
    args: ACCEPT,
    code: 1,
    prepare: (project) => {
      writeFileSync(join(project, 'approval.json'), '{}\n');
    },
  },
  {
    name: 'allowed signers with a pattern',
    args: ['migrate', '--project', 'PROJECT'],
    code: 64,
    prepare: (project) => {
      writeFileSync(join(project, 'mapping/allowed_signers'), '*@example.org ssh-ed25519 AAAA\n');
    },
  },
  {
    name: 'allowed signers without a key',
    args: ['migrate', '--project', 'PROJECT'],
    code: 64,
    prepare: (project) => {
      writeFileSync(join(project, 'mapping/allowed_signers'), '# reviewers\nberta\n');
    },
  },
  {
    name: 'evidence of what is not live',
    args: ['evidence', 'build', 'PROJECT/bag', '--project', 'PROJECT'],
    code: 1,
  },
  {
    name: 'evidence in a folder that is not there',
    args: ['evidence', 'build', 'PROJECT/nowhere/bag', '--project', 'PROJECT'],
    code: 64,
  },
  { name: 'evidence that is not there', args: ['evidence', 'verify', 'PROJECT/bag'], code: 2 },
  { name: 'evidence that is none', args: ['evidence', 'verify', 'PROJECT/mapping'], code: 2 },
  {
    name: 'evidence of a run that there is not',
    args: ['evidence', 'build', 'PROJECT/bag', '--project', 'PROJECT', '--run', 'wien-1'],
    code: 64,
  },
  {
    name: 'evidence that is signed without a name',
    args: [
      'evidence',
      'build',
      'PROJECT/bag',
      '--project',
      'PROJECT',
      '--run',
      'wien-1',
      '--key',
      'key',
    ],
    code: 64,
  },
  {
    name: 'evidence that is signed with what is no key',
    args: [
      'evidence',
      'build',
      'PROJECT/bag',
      '--project',
      'PROJECT',
      '--run',
      'wien-1',
      '--signing-key',
      'PROJECT/mapping/project.json',
    ],
    code: 64,
  },
  {
    name: 'a key of evidence where there is a file',
    args: ['evidence', 'key', 'PROJECT/mapping/project.json'],
    code: 64,
  },
  {
    name: 'evidence with a public key that is none',
    args: ['evidence', 'verify', 'PROJECT/mapping', '--public-key', 'PROJECT/mapping/project.json'],
    code: 64,
  },
  {
    name: 'evidence with keys that are not there',
    args: ['evidence', 'verify', 'PROJECT/mapping', '--allowed-signers', 'nowhere'],
    code: 64,
  },
];
