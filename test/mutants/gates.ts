/**
 * Ways to break what stands between a candidate and its cutover, and what is verified of one: the
 * gates of promote, the freeze of writes, evidence, snapshots, and the traps of a live server. Each
 * has one test that has to notice it alone.
 */

import { killedByTest as of, type Mutant } from './mutant.ts';

const REVIEW = 'test/promote/review.test.ts';
const AGREED = 'test/promote/agreed.test.ts';
const CURRENT = 'test/promote/current.test.ts';
const WRITES = 'test/cli/freezeWrites.test.ts';
const EVIDENCE = 'test/evidence/evidence.test.ts';
const RUN_BAG = 'test/cutover/evidence/bag.test.ts';
const HOSTILE = 'test/snapshot/hostile.test.ts';

const APPROVALS: readonly Mutant[] = [
  ...of('flow/promote.ts', REVIEW, [
    [
      'by the name of who promotes does not count',
      'promote counts no approvals',
      '  const approved = await assertApproved(paths, name, verified, options.who, env);\n',
      '  const approved = { approvals: [] as string[], notes: [] as string[] };\n',
    ],
  ]),
  ...of('promote/assertApproved.ts', REVIEW, [
    [
      'are by two keys and two names',
      'one approval less than required is enough',
      'if (people < required)',
      'if (people < required - 1)',
    ],
  ]),
  ...of('project/reviewSubject.ts', REVIEW, [
    [
      'is still required where the setting was taken away after the build',
      'an edit after the build drops the approvals',
      'Math.max(sealed, project.approvals?.required ?? 0)',
      'Math.max(0 * sealed, project.approvals?.required ?? 0)',
    ],
  ]),
  ...of('cutover/runMoves.ts', 'test/cutover/runState.test.ts', [
    [
      'lets no waiver take the place of what an approval requires',
      'a step that a later one requires can be waived',
      "return isRequired(place) ? 'a later step requires it to pass' : 'WAIVED';",
      "return 'WAIVED';",
    ],
    [
      'lets a step that was left out not count for a later one',
      'a step that was left out counts as passed',
      "if (/^(?:PASS|WARN)$/.test(state.steps[at] ?? '')) passed.add(step.id);",
      "if (/^(?:PASS|WARN|WAIVED)$/.test(state.steps[at] ?? '')) passed.add(step.id);",
    ],
  ]),
  ...of('cutover/engine/gates.ts', 'test/cutover/badApprovals.test.ts', [
    [
      'twice by one key under two names',
      'approvals of a gate are counted, not people',
      '[countPeople(counted), ',
      '[counted.length, ',
    ],
  ]),
  ...of('project/approvals.ts', REVIEW, [
    [
      'by carla with the key of berta is refused',
      'a person approves what they have scanned',
      "return [{ name, did: 'scanned' }];",
      'return [];',
    ],
    [
      'is void after a scan with another result',
      'an approval of another result counts',
      "if (!isSameResult(approved, subject.scan)) return 'a later scan had another result';",
      '',
    ],
  ]),
  ...of('project/reviewers.ts', REVIEW, [
    [
      'counts for nothing without its file',
      'an approval without a signature counts',
      "  if (signature === null) return refuse(reviewer, 'it is not signed');\n",
      '  if (signature === null) return { reviewer, signer: null, refused: null };\n',
    ],
    [
      'by berta with the key of ada is refused',
      'the key of the one who built it is that of another person',
      'names.some((one) => isSameName(one, name))',
      "names.some((one) => one === '?')",
    ],
    [
      'by one key under two names are one',
      'one key under two names is two people',
      'if (one.signer !== null && one.signer === other.signer) return true;',
      '',
    ],
  ]),
];

const AGREEMENTS: readonly Mutant[] = [
  ...of('promote/assertWindow.ts', AGREED, [
    [
      'of the project is not widened by that of the command line',
      'a window of the command line replaces the agreed one',
      '[isRehearsal(root) ? undefined : project.window, window]',
      '[window ?? (isRehearsal(root) ? undefined : project.window)]',
    ],
  ]),
  ...of('flow/promote.ts', AGREED, [
    [
      'is told by the clock of its zone, before and after the candidate is verified',
      'a window that has closed meanwhile is open',
      'const closed = assertWindow(project, options, paths.root, env);',
      'const closed: string[] = [];',
    ],
    [
      'does not when the requirement is edited away with the freeze',
      'an edit after the build drops the freeze',
      '  assertFrozenIfRequired(frozen, sealed, paths.root);\n',
      '',
    ],
    [
      'refuses one although the requirement was edited away after the build',
      'an edit after the build drops the name of the operator',
      '  assertOperator(sealed, operatorOf(options.who, env), paths.root);\n',
      '',
    ],
  ]),
  ...of('mapping/window.ts', 'test/mapping/window.test.ts', [
    [
      'begins with its first minute and ends before its last',
      'a window is open a minute too long',
      'since < to',
      'since <= to',
    ],
  ]),
  ...of('project/freezeInForce.ts', AGREED, [
    [
      'does not when freeze.json names another person',
      'a freeze that was edited by hand is in force',
      '  if (isEdited(frozen, lastFreeze(readJournal(journal)))) throw editedFreeze();\n  return',
      '  return',
    ],
  ]),
  ...of('project/freezeInForce.ts', 'test/promote/frozen.test.ts', [
    [
      'refuses a mapping that has changed since',
      'a mapping that has changed since is frozen',
      'if (changes.length > 0) throw changedSince(changes);',
      '',
    ],
  ]),
];

const CURRENCY: readonly Mutant[] = [
  ...of('promote/assertCurrent.ts', CURRENT, [
    [
      'is not gone for a place of the command line at which nothing is',
      'a wrong place of the command line makes a source gone',
      'if (isGone && given.has(name)) throw missingWhereGiven(name, missing);',
      '',
    ],
    [
      'have a proof each, of which the weakest counts',
      'the strongest proof of all sources counts',
      'BY_STRENGTH.findLast(',
      'BY_STRENGTH.find(',
    ],
    [
      'is not current where its writes were allowed while others were compared',
      'writes that are allowed meanwhile are not seen',
      '  assertStillFrozen(subject, proofs);\n',
      '',
    ],
  ]),
];

const FREEZE_OF_WRITES: readonly Mutant[] = [
  ...of('flow/freezeWrites.ts', WRITES, [
    [
      'names a database that was made writable by hand',
      'a database that can be written is frozen already',
      "    if (found.kind === 'writable') throw notTouched(source, GONE, AGAIN);\n",
      "    if (found.kind === 'writable') return name;\n",
    ],
    [
      'fails where a write gets in all the same',
      'a freeze is done though a write gets in',
      "  await assertWrites(source, 'freeze');\n  source.append('freeze', 'done', frozen);\n",
      "  source.append('freeze', 'done', frozen);\n",
    ],
  ]),
  ...of('project/sourceWrites.ts', WRITES, [
    [
      'fails with another file than the one that was frozen',
      'a source is frozen as the journal says, whatever its file says',
      "  if (found.kind === 'frozen') return null;\n",
      "  if (found.kind !== 'unfinished') return null;\n",
    ],
    [
      'freeze, half its write, is recovered as done by either command',
      'a freeze that was killed half way is done',
      'if (before !== null) frozen = await finishFreeze(source, before);',
      '',
    ],
  ]),
  ...of('sqlite/headerSwitch.ts', 'test/source/writeFreeze.test.ts', [
    [
      'is not changed where the journal cannot note its header',
      'the header is written before it is noted',
      "    intend(before.toString('hex'));\n    writeHeader(fd, frozenHeader(before, version));\n",
      "    writeHeader(fd, frozenHeader(before, version));\n    intend(before.toString('hex'));\n",
    ],
  ]),
];

const PROVEN: readonly Mutant[] = [
  ...of('evidence/readBag.ts', EVIDENCE, [
    [
      'fails with a byte changed',
      'files of evidence are not compared with their manifest',
      'if (file.sha256 === sha256) return [];',
      "if (file.sha256 !== '') return [];",
    ],
    [
      'fails with a tag file more',
      'a file that no manifest lists is evidence',
      '(path) => !listed.has(path))',
      "(path) => !listed.has(path) && path.startsWith('data/'))",
    ],
  ]),
  ...of('cutover/evidence/verifyRun.ts', RUN_BAG, [
    [
      'shows an output that was edited',
      'outputs are not compared with the journal of their run',
      '    if (actual === sha256) return [];',
      "    if (actual !== '') return [];",
    ],
    [
      'shows a summary that was edited',
      'documents of a run are not made again',
      'if (bytes?.equals(content) === true) return [];',
      'if (bytes !== null) return [];',
    ],
    [
      'shows a journal that ends earlier than the project knows',
      'a run that lost lines is proven',
      'if (noted.some(({ line, head }) => line > 0 && heads.get(line) !== head)) {',
      'if (noted.some(({ line }) => line < 0)) {',
    ],
    [
      'shows a file that nothing explains',
      'a file that the journal does not know is evidence',
      'return !isLeft(path) && !approvals.has(signed);',
      'return isLeft(path);',
    ],
  ]),
  ...of('cutover/evidence/gatesAgain.ts', RUN_BAG, [
    [
      'shows an approval without its signature',
      'approvals that a gate counted are not judged again',
      '    if (refused !== null) {\n',
      "    if (refused === '') {\n",
    ],
  ]),
  ...of('evidence/verifySeal.ts', EVIDENCE, [
    [
      'fails with a sealed file that was changed',
      'sealed files in evidence are not compared with their seal',
      "hash('sha256', bytes, 'hex') === sealed) return [];",
      'sealed.length === 64) return [];',
    ],
  ]),
  ...of('evidence/verifyCandidate.ts', EVIDENCE, [
    [
      'fails with keys or a seal id that are not the expected ones',
      'evidence of another seal is the expected one',
      'if (expected.sealId !== null && expected.sealId !== sealId) {',
      "if (expected.sealId === '') {",
    ],
    [
      'fails with a journal of another candidate',
      'a candidate that the journal does not know is proven',
      '  if (!isHeld(journal, sealId)) {\n',
      "  if (sealId === '') {\n",
    ],
    [
      'fails with a journal in which another data root went live',
      'another data root than the sealed one went live',
      'if (promotion.dataRoot !== run.dataRoot) {',
      'if (promotion.dataRoot === undefined) {',
    ],
    [
      'fails with a journal in which the scan failed',
      'a promotion after a failed scan is proven',
      "scan === null || scan.verdict === 'FAIL' || scan",
      'scan === null || scan',
    ],
    [
      'fails with a journal without the approval',
      'a promotion with too few approvals is proven',
      'countPeople(valid) < required',
      'countPeople(valid) < required - 1',
    ],
    [
      'fails with a freeze in the name of another person',
      'a freeze that the journal does not record is proven',
      'if (last === null || isEdited(frozen, last)) {',
      'if (last === null) {',
    ],
  ]),
];

const SNAPSHOTS: readonly Mutant[] = [
  ...of('snapshot/readSnapshot.ts', HOSTILE, [
    [
      'is forged in whole passes alone, but not with the SHA-256 that was kept',
      'a snapshot with another SHA-256 is the expected one',
      'if (expected !== null && sha256 !== expected) {',
      "if (expected === '') {",
    ],
    [
      'has a changed byte in a member is refused',
      'members of a snapshot are not compared with its manifest',
      "sha256 !== undefined && own.digest('hex') !== sha256",
      "sha256 !== undefined && own.digest('hex') === ''",
    ],
    [
      'has a changed candidate and a manifest that fits is refused',
      'a candidate in a snapshot is not compared with its seal',
      'if (sums.some(({ path, sha256 }) => digests.get(`${folder}${path}`) !== sha256)) throw fault;',
      '',
    ],
    [
      'has an added file in a candidate is refused',
      'a candidate in a snapshot may have more files than its seal',
      'sums === null || sums.length + 1 !== files.length',
      'sums === null',
    ],
    [
      'has a shorter journal is refused',
      'the journal of a snapshot may be shorter',
      'journal.head !== manifest.head || journal.torn',
      'journal.torn',
    ],
    [
      'names another live candidate is refused',
      'a snapshot may name another live candidate than its journal',
      'if (live !== manifest.live) throw',
      'if (live === null && live !== manifest.live) throw',
    ],
  ]),
];

const STANDS_STILL = 'holds for its counts and for readers that come later';

const SERVER: readonly Mutant[] = [
  ...of('postgres/session.ts', 'test/postgres/rowSecurity.test.ts', [
    [
      'is an error from a role without BYPASSRLS',
      'policies hide rows without a word',
      "  ['row_security', 'off'],\n",
      "  ['row_security', 'on'],\n",
    ],
  ]),
  ...of('postgres/session.ts', 'test/postgres/pooler.test.ts', [
    [
      'that tells a process id of its own is refused',
      'the process of a session is not looked at',
      'if (!sameProcess || !pinned)',
      'if (!pinned)',
    ],
  ]),
  ...of('postgres/session.ts', 'test/postgres/roleSettings.test.ts', [
    [
      'cannot read where damaged pages are hidden',
      'a server may hide damaged pages',
      'if (/on/.test(String(hidden))) throw hidesDamage(label);',
      '',
    ],
  ]),
  ...of('source/postgres/reader.ts', 'test/postgres/snapshot.test.ts', [
    [
      STANDS_STILL,
      'each reader sees a snapshot of its own',
      '    await connection.query(enter(quoteText(snapshot)));\n',
      '',
    ],
    [
      STANDS_STILL,
      'each statement sees a snapshot of its own',
      "const BEGIN = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';",
      "const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY';",
    ],
  ]),
  ...of('source/postgres.ts', 'test/postgres/snapshot.test.ts', [
    [
      STANDS_STILL,
      'rows are counted before the snapshot that is read',
      '      counts.forget();\n',
      '',
    ],
  ]),
  ...of('source/postgres.ts', 'test/postgres/locks.test.ts', [
    [
      'that is a materialised view, refreshed between snapshot and lock, is noticed',
      'a table that was rewritten after the snapshot is read as empty',
      '  if (await isRewritten(connection)) throw changed(connection.label);\n',
      '',
    ],
  ]),
  ...of('source/postgres/locking.ts', 'test/postgres/locks.test.ts', [
    [
      'keeps its rows until the run has ended',
      'tables are not locked',
      '    if (directly) await',
      '    if (!directly) await',
    ],
  ]),
  ...of('source/postgres/base.ts', 'test/postgres/queries.test.ts', [
    [
      'names the row of its base that it loses',
      'rows of a base that a query loses are not counted',
      'lost: (rows ?? 0) - (matched ?? 0),',
      'lost: 0 * (matched ?? 0),',
    ],
  ]),
];

export const GATES: readonly Mutant[] = [
  ...APPROVALS,
  ...AGREEMENTS,
  ...CURRENCY,
  ...FREEZE_OF_WRITES,
  ...PROVEN,
  ...SNAPSHOTS,
  ...SERVER,
];
