/** Ways to break the program, each with the tests that have to notice; see `mutant.ts`. */

import { GATES } from './gates.ts';
import { ROLLOUTS } from './rollouts.ts';
import { LIVE_FILES } from './liveFiles.ts';
import { PERSONAL_DATA } from './personalData.ts';
import { killedByFiles as of, type Mutant } from './mutant.ts';

const SEAL = ['test/seal'];
const PROMOTE = ['test/promote'];
const CURRENT = ['test/promote/current.test.ts'];
const JOURNAL = ['test/journal', 'test/promote'];
const ACCOUNTING = ['test/scan/accounting.test.ts', 'test/flow/objects.test.ts'];
const DETERMINISM = ['test/determinism'];
const DISK = ['test/disk/publish.test.ts', 'test/fault/synced.test.ts'];
const CONTRACT = ['test/contract/source.test.ts'];
const EVERY_CHANGE = ['test/fault/everyChange.test.ts'];

const TOLD: readonly Mutant[] = [
  ...of(true, 'source/postgres/reader.ts', CONTRACT, [
    ['what is told has other bounds than what is run', `":'from'"`, `":'first'"`],
    [
      'a setting is told that was not made',
      '[...pinned, BEGIN,',
      "[...pinned, 'SET a = 1', BEGIN,",
    ],
  ]),
  ...of(true, 'source/sqlite/rowPage.ts', CONTRACT, [
    ['a statement that has read rows is not told', '  ran.note(sql);\n', ''],
  ]),
  ...of(
    true,
    'flow/reconcile.ts',
    ['test/reconcile/reading.test.ts'],
    [['the journal has no digest of how was read', 'reading: reading.digest, ', '']],
  ),
];

export const MUTANTS: readonly Mutant[] = [
  ...TOLD,
  ...of(true, 'determinism/compareBytes.ts', DETERMINISM, [
    ['a file that only the second run has made is not seen', '...left, ...right]', '...left]'],
    ['a file that only the first run has made is not seen', '...left, ...right]', '...right]'],
    ['permissions are not compared', 'modeOf(a) !== modeOf(b)', 'false'],
    [
      'the last bytes of a file are not compared',
      'left.compare(right, 0, read, 0, read)',
      'left.compare(right, 0, read - 1, 0, read - 1)',
    ],
    [
      'a shorter file is the same',
      'if (read !== readFully(b, right)) return false;',
      'readFully(b, right);',
    ],
  ]),
  ...of(
    true,
    'journal/journal.ts',
    ['test/journal', ...DISK],
    [
      ['entries of the journal are not synced', '      fsyncSync(file);\n', ''],
      [
        'the new journal is not synced in its folder',
        '    const file = createFile(path);\n    syncFolder(dirname(path));\n',
        '    const file = createFile(path);\n',
      ],
    ],
  ),
  ...of(false, 'disk/durable.ts', DISK, [
    ['small files of a seal are not synced', '    await file.sync();\n', ''],
    ['a folder is not synced', '    fsyncSync(folder);\n', ''],
  ]),
  ...of(true, 'disk/durable.ts', EVERY_CHANGE, [
    [
      'a link is swapped in two steps',
      '      renameSync(fresh, join(at, basename(link)));',
      '      rmSync(join(at, basename(link)), { force: true });\n      renameSync(fresh, join(at, basename(link)));',
    ],
  ]),
  ...of(true, 'flow/promote.ts', PROMOTE, [
    [
      'promote does not look at the scan again',
      '  const warnings = await assertScanned(paths, name, options, env.now());\n',
      '  const warnings = 0;\n',
    ],
    [
      'promote takes another seal than the expected one',
      '  assertExpected(name, options.expectSeal);\n',
      '',
    ],
    [
      'promote takes what no migrate has sealed',
      '  if (options.expectSeal === null) assertSealedHere(paths, name);\n',
      '',
    ],
    ['promote takes a sample', '  assertNoSample(verified, name);\n', ''],
    [
      'promote takes another mapping than the frozen one',
      '  assertBuiltAsFrozen(verified, frozen, name);\n',
      '',
    ],
  ]),
  ...of(true, 'promote/assertCurrent.ts', CURRENT, [
    [
      'records that differ from those of the source go live',
      '    assertEqual(subject.name, await compare(sources));\n',
      '    await compare(sources);\n',
    ],
    [
      'a source that cannot be reached is gone',
      'const isGone = who !== null || isDeclaredGone',
      'const isGone = who === null || isDeclaredGone',
    ],
    [
      'other files than those of the build are the same',
      "    if (now !== before) return 'compared';\n",
      '',
    ],
    [
      'a freeze after the build is one before it',
      'since !== null && since <= begunAfter',
      'since !== null && begunAfter >= 0',
    ],
    [
      'the journal alone says whether a file can be written',
      'const refusesWrites = (await source.isFrozen?.()) ?? true;',
      'const refusesWrites = true;',
    ],
  ]),
  ...of(
    true,
    'source/sqlite/databaseFiles.ts',
    ['test/source/state.test.ts'],
    [
      [
        'a write during the build is not seen',
        'stampOf(file) === before ? digest : null',
        'stampOf(file) === null ? null : digest',
      ],
    ],
  ),
  ...of(
    true,
    'sqlite/filesDigest.ts',
    ['test/source/state.test.ts'],
    [
      [
        'a log beside the database does not count',
        "DATABASE_FILES: readonly string[] = ['', '-wal', '-journal'];",
        "DATABASE_FILES: readonly string[] = ['', '-journal'];",
      ],
      [
        'what a freeze changes counts',
        'sum.update(isHeader ? withoutUncounted(chunk, bytes) : chunk);',
        'sum.update(isHeader ? chunk : chunk);',
      ],
    ],
  ),
  ...of(true, 'promote/pointerSession.ts', PROMOTE, [
    [
      'a candidate that does not verify goes live',
      '  if (first !== undefined) {',
      '  if (first === null) {',
    ],
    [
      'a candidate without a record goes live',
      'if (verified.records === 0)',
      'if (verified.records < 0)',
    ],
    [
      'a journal that has lost what was live is good enough',
      '  if (found !== null && !hasMoves(journal)) throw withoutMoves(paths);\n',
      '',
    ],
    [
      'the intent is not written before the link is swapped',
      "  commit([{ event: 'move', move, step: 'intended', to, sealId, ...about }]);\n",
      '',
    ],
  ]),
  ...of(true, 'project/origin.ts', PROMOTE, [
    [
      'scan-all does not ask who sealed what it scans',
      '!isOfProject(held) || isSealedHere(held)) return [];',
      '!isOfProject(held) || true) return [];',
    ],
  ]),
  ...of(true, 'journal/sealedEntry.ts', PROMOTE, [
    [
      'what was scanned counts as sealed here',
      "const holds = event.event === 'sealed' ||",
      "const holds = event.event === 'scan' ||",
    ],
  ]),
  ...of(true, 'journal/scanEntry.ts', PROMOTE, [
    [
      'a candidate that was never scanned is good enough',
      "if (scan === null) return refuse('this candidate was never scanned', scanIt);",
      'if (scan === null) return null;',
    ],
    [
      'a failed scan is good enough',
      "if (scan.verdict === 'FAIL')",
      "if (scan.verdict === ('NEVER' as string))",
    ],
    [
      'a scan with other checks is good enough',
      'if (scan.checks !== checks)',
      'if (scan.checks === null)',
    ],
    [
      'warnings need no word',
      "scan.verdict === 'WARN' && !allowWarnings",
      "scan.verdict === 'WARN' && allowWarnings === null",
    ],
  ]),
  ...of(true, 'journal/readEvent.ts', JOURNAL, [
    ['a scan whose counts are missing has passed', 'Number.POSITIVE_INFINITY', '0'],
    [
      'a move to no candidate is not seen',
      'if (!isText(to) || !isSealedName(to))',
      'if (!isText(to))',
    ],
  ]),
  ...of(true, 'seal/verify.ts', SEAL, [
    [
      'files that are not listed are not seen',
      'if (!listed.has(path) && path !== SUMS_FILE)',
      'if (!listed.has(path) && path === SUMS_FILE)',
    ],
    [
      'the data root is not compared',
      'if (dataRoot(run.modules) !== run.dataRoot)',
      'if (run.dataRoot.length !== 64)',
    ],
    [
      'the digest of the mapping is not compared',
      'if (mappingDigest(mapping) !== run.mapping.digest)',
      'if (run.mapping.digest.length !== 64)',
    ],
    [
      'an accounting need not add up',
      'if (rows !== line.rows || line.emitted - line.merged !== line.records)',
      'if (line.rows < 0)',
    ],
    [
      'another seal than the expected one passes',
      'if (expected !== null && id !== expected)',
      "if (expected === '')",
    ],
  ]),
  ...of(true, 'seal/verifyModule.ts', SEAL, [
    ['the root of a module in run.json is not compared', 'tree.root !== module.root || ', ''],
    ['the number of records in run.json is not compared', ' || tree.count !== module.count', ''],
    [
      'the ranges are not compared',
      "digest.digest('hex') !== listed.get(path(RANGES_FILE))",
      '!listed.has(path(RANGES_FILE))',
    ],
    [
      'the form of the records is not compared',
      'if (formDigest(form) !== module.schema) {',
      'if (module.schema.length !== 64) {',
    ],
    [
      'a blob may be missing',
      '.filter((file) => !listed.has(file))',
      ".filter((file) => file === '')",
    ],
  ]),
  ...of(true, 'seal/verifyFindings.ts', SEAL, [
    ['findings may be taken away', 'count !== module.findings || ', ''],
    [
      'findings may stand in any order',
      'comparePositions(before, position) < 0',
      'comparePositions(before, position) < 2',
    ],
  ]),
  ...of(true, 'scan/checkAccounting.ts', ACCOUNTING, [
    ['one rejected row is none', 'line.rejected > 0', 'line.rejected > 1'],
    ['a module may have no accounting', 'if (lines.length === 0)', 'if (lines.length < 0)'],
    [
      'a table that is neither mapped nor dropped is not seen',
      '      if (read.has(table) || dropped.has(table)) continue;',
      "      if (table !== '') continue;",
    ],
  ]),
  ...of(
    true,
    'outcome/finding.ts',
    ['test/outcome'],
    [
      [
        'blockers do not fail',
        "if (counts.BLOCKER > 0) return 'FAIL';",
        "if (counts.BLOCKER > 1) return 'FAIL';",
      ],
      [
        'warnings pass',
        "counts.WARNING > 0 ? 'WARN' : 'PASS'",
        "counts.WARNING > 1 ? 'WARN' : 'PASS'",
      ],
    ],
  ),
  ...of(
    true,
    'outcome/exitCode.ts',
    ['test/outcome'],
    [['a check that fails ends like one that warns', 'WARN: 1, FAIL: 2', 'WARN: 1, FAIL: 1']],
  ),
  ...of(
    true,
    'migrate/accounting.ts',
    ['test/migrate/queries.test.ts', 'test/migrate/rejections.test.ts'],
    [
      [
        'rows of a query without a base row are not reported',
        '  add(base.strays, `not read',
        '  add(0 * base.strays, `not read',
      ],
    ],
  ),
  ...of(
    true,
    'migrate/worker/sortBucket.ts',
    ['test/migrate/sortBucket.test.ts', 'test/migrate/sealedFindings.test.ts'],
    [
      [
        'one row of a duplicate key is taken',
        'const one = merge && haveEqualRecords(buffer, index, group);',
        'const one = haveEqualRecords(buffer, index, group);',
      ],
      [
        'equal records of different rows merge whatever they hold',
        'merge && haveEqualRecords(buffer, index, group)',
        'merge',
      ],
    ],
  ),
  ...of(
    true,
    'extsort/sortEntries.ts',
    ['test/migrate/sortBucket.test.ts', 'test/migrate/sealedFindings.test.ts'],
    [
      [
        'equal records get their ordinals as they lie',
        'compareTails(buffer, index, a, b) || a - b',
        'a - b',
      ],
    ],
  ),
  ...of(
    true,
    'migrate/buildModule.ts',
    ['test/fault/sourceChanged.test.ts', 'test/source/damage.test.ts'],
    [['rows that were not read are not missed', 'if (read !== rows) {', 'if (read > rows) {']],
  ),
  ...of(
    true,
    'merkle/hash.ts',
    ['test/merkle', 'test/docs/vectors.test.ts'],
    [['leaves and nodes are not told apart', 'Uint8Array.of(0), entry', 'entry']],
  ),
  ...of(
    true,
    'record/keyOrder.ts',
    ['test/record/keyOrder.test.ts', 'test/docs/vectors.test.ts'],
    [
      [
        'negative keys are ordered by their magnitude',
        'target[index] = number < 0 ? 255 - byte : byte;',
        'target[index] = byte;',
      ],
    ],
  ),
  ...of(
    true,
    'mapping/check/objects.ts',
    ['test/flow/objects.test.ts'],
    [['an object that is nowhere is not seen', '!seen.has(object.name)', "object.name === '?'"]],
  ),
  ...of(
    true,
    'project/integrity.ts',
    ['test/project/integrity.test.ts'],
    [
      [
        'a database that is damaged is read to the end',
        '      if (failed !== null) throw failed.error;\n      return new Map',
        '      return new Map',
      ],
      ['a check that was left out has passed', "? 'passed' : 'skipped'", "? 'passed' : 'passed'"],
    ],
  ),
  ...of(
    true,
    'flow/migrate.ts',
    ['test/rules/gate.test.ts'],
    [
      [
        'a BLOCKER on a row that is kept is published',
        'if (kept > 0 && !allowBlockers)',
        'if (kept < 0)',
      ],
      [
        'one rejected row is published',
        'if (rejected > allowRejected)',
        'if (rejected > allowRejected + 1)',
      ],
    ],
  ),
  ...of(
    true,
    'scan/mapped.ts',
    ['test/scan/mapped.test.ts'],
    [
      [
        'a scan does not tell what the mapper found',
        '      else yield mappedFinding(',
        '      else if (strange < 0) yield mappedFinding(',
      ],
    ],
  ),
  ...of(
    true,
    'seal/sealedFolders.ts',
    ['test/promote/resealed.test.ts'],
    [
      [
        'another candidate in the folder of a seal id is not seen',
        'stated !== null && computedSealId(folder) !== stated',
        'stated !== null && computedSealId(folder) === null',
      ],
    ],
  ),
  ...of(
    true,
    'project/origin.ts',
    ['test/promote/resealed.test.ts'],
    [
      [
        'a live link that was moved by hand is not seen',
        'if (history.byCommand || history.live === null) return [];',
        'return [];',
      ],
    ],
  ),
  ...GATES,
  ...ROLLOUTS,
  ...LIVE_FILES,
  ...PERSONAL_DATA,
];
