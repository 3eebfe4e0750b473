/**
 * Disks that are full, and folders that cannot be written. They are made by mounts in a namespace
 * of their own; where that is not allowed the tests are skipped, with a notice.
 */

import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { isLong } from '../kit/long.ts';
import { sealift, type Ran } from '../kit/run.ts';
import { eventsOf } from '../promote/fixture.ts';
import { migrateHere, newProject, SECRET, treeOf, writeKennel } from './fixture.ts';

/** Runs a script, then the command as `"$@"`, in a mount namespace. */
const namespace = (script: string, ...args: string[]): string[] => [
  'unshare',
  '-m',
  'sh',
  '-c',
  script,
  'sh',
  ...args,
];

function canMount(): boolean {
  const script = 'mount -t tmpfs -o size=64k tmpfs /tmp';
  const [command = '', ...args] = namespace(script);
  const able = process.platform === 'linux' && spawnSync(command, args).status === 0;
  if (!able)
    process.stderr.write('notice: mounts are not allowed here; full disks are not tested\n');
  return able;
}

const MOUNTS = canMount();
/** Whether a disk becomes full at many moments, or at an early one and a late one. */
const MANY = isLong('disks that are full');
/** KiB that are left for a run; the last are enough. */
const SIZES = MANY ? [16, 60, 150, 210, 250, 290, 4000] : [60, 290, 4000];

/** The last line on standard error; all others are progress. */
function lastLine({ stderr }: Ran): string {
  const lines = stderr.trimEnd().split('\n');
  expect(lines.slice(0, -1).every((line) => /^\w+: \d+ rows$|no report was/.test(line))).toBe(true);
  return lines.at(-1) ?? '';
}

/** Where there was room for all but the report, the exit code says that. */
function isDone({ code, stderr }: Ran): boolean {
  return code === (stderr.includes('no report was written') ? 74 : 0);
}

/** What a folder takes on a disk with blocks of 4 KiB. */
function kilobytesOf(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const sizes = entries.map((entry) => Math.ceil(statSync(join(folder, entry)).size / 4096) * 4);
  return sizes.reduce((sum, size) => sum + size, 4);
}

describe.skipIf(!MOUNTS)('a disk', () => {
  let project: string;
  let mounted: string;

  beforeAll(async () => {
    project = await newProject(40);
    mounted = join(project, 'mounted');
    mkdirSync(mounted);
  });
  afterAll(() => {
    rmSync(project, { recursive: true });
  });

  const source = (): string[] => ['--source', `sqlite:${join(project, 'legacy.db')}`];

  /** Migrates on a small disk of its own; what is on it afterwards is listed in `left`. */
  async function onSmallDisk(
    options: string,
    from: readonly string[] = source(),
  ): Promise<Ran & { left: string[] }> {
    const listing = join(project, 'listing');
    const script =
      `mount -t tmpfs -o ${options} tmpfs "$1" && cp -r "$2" "$1/mapping" && out=$3 && place=$1` +
      ' && shift 3 && "$@"; code=$?; cd "$place" && find . -not -path "./mapping*" > "$out";' +
      ' test -e storage_candidate/v1/checksums/SHA256SUMS && cd storage_candidate/v1 &&' +
      ' sha256sum --quiet -c checksums/SHA256SUMS >> "$out" && echo whole >> "$out"; exit $code';
    const wrap = namespace(script, mounted, join(project, 'mapping'), listing);
    const ran = await sealift(['migrate', '--project', mounted, '--workers', '1', ...from], {
      process: true,
      wrap,
    });
    return { ...ran, left: readFileSync(listing, 'utf8').trimEnd().split('\n').toSorted() };
  }

  const TOO_SMALL =
    /^sealift migrate: the disk does not have enough space for the candidate, nothing was started: at least [\d.]+ [kM]?B are needed, [\d.]+ [kM]?B are free \(.+storage_candidate\): free space \(sealift prune removes old candidates\), or choose another folder with --project$/;
  const FULL = /^sealift migrate: the disk is full, nothing was published \(.+\): free space or /;
  const SAID = new RegExp(`${TOO_SMALL.source}|${FULL.source}`);

  const LEFT_OF_A_FAILURE =
    /^\.$|^\.\/storage_reports|^\.\/storage_(candidate|journal)(\/\.lock)?$/;

  function expectFailure(ran: Ran & { left: string[] }, options: string): void {
    expect(ran.code, options + ran.stderr).toBe(1);
    expect(lastLine(ran)).toMatch(SAID);
    expect(ran.stdout + ran.stderr).not.toMatch(new RegExp(`${SECRET}| {4}at |defect`));
    expect(
      ran.left.filter((path) => !LEFT_OF_A_FAILURE.test(path)),
      options,
    ).toEqual([]);
  }

  it('that is full at any moment leaves nothing and is said to be full', async () => {
    let [failed, done] = [0, 0];
    const mapping = kilobytesOf(join(project, 'mapping'));
    for (const more of SIZES) {
      const options = `size=${mapping + more}k`;
      const ran = await onSmallDisk(options);
      if (isDone(ran)) {
        done += 1;
        expect(ran.left).toContain('whole');
        continue;
      }
      failed += 1;
      expectFailure(ran, options);
    }
    expect(failed).toBe(SIZES.length - 1);
    expect(done).toBe(1);
  });

  it('that is too small from the start is refused before anything is written', async () => {
    const mapping = kilobytesOf(join(project, 'mapping'));
    writeKennel(join(project, 'larger.db'), 400);
    const larger = ['--source', `sqlite:${join(project, 'larger.db')}`];
    const small = await onSmallDisk(`size=${mapping + 90}k`, larger);
    expectFailure(small, 'small');
    expect(lastLine(small)).toMatch(TOO_SMALL);
    expect(small.stderr).not.toMatch(/rows$/m);
    // The control: with room the same run goes through, and a little more lets it begin.
    expect((await onSmallDisk(`size=${mapping + 8000}k`, larger)).code).toBe(0);
    if (!MANY) return;
    const begun = await onSmallDisk(`size=${mapping + 400}k`, larger);
    expectFailure(begun, 'begun');
    expect(lastLine(begun)).toMatch(FULL);
  });

  it('without room for a copy of the source is refused before that is made', async () => {
    const copied = join(project, 'copied');
    mkdirSync(copied);
    const legacy = join(copied, 'legacy.db');
    // What a writer leaves that has crashed: the database has to be recovered, in a copy.
    writeFileSync(legacy, readFileSync(join(project, 'legacy.db')));
    writeFileSync(`${legacy}-wal`, '');
    const url = ['--source', `sqlite:${legacy}`];
    const script =
      'mount -t tmpfs -o size=$2k tmpfs "$1" && cp -r "$3" "$1/mapping" && shift 3 && "$@"';
    const on = async (size: number): Promise<Ran> => {
      const wrap = namespace(script, mounted, String(size), join(project, 'mapping'));
      return sealift(['migrate', '--project', mounted, ...url], { process: true, wrap });
    };
    const refused = await on(kilobytesOf(join(project, 'mapping')) + 60);
    expect(refused.code).toBe(1);
    expect(lastLine(refused)).toMatch(
      /^sealift migrate: the database must be copied before it is read, but the disk does not have enough space: at least .+ are needed, .+ are free \(.+\): free space there, then run again$/,
    );
    expect((await on(8000)).code).toBe(0);
  });

  it('without room for one more file, up to the very last, leaves nothing either', async () => {
    let [failed, done] = [0, 0];
    for (let files = MANY ? 14 : 32; done === 0; files += MANY ? 6 : 12) {
      const options = `size=8m,nr_inodes=${files}`;
      const ran = await onSmallDisk(options);
      if (isDone(ran)) {
        done += 1;
        expect(ran.left).toContain('whole');
      } else {
        failed += 1;
        expectFailure(ran, options);
      }
    }
    expect(failed).toBeGreaterThan(1);
  });

  it('that becomes full keeps the candidate before', async () => {
    await migrateHere(project);
    const tree = (): string =>
      [...treeOf(project, ['storage_reports', 'storage_journal', 'listing'])].join('\n');
    const before = tree();
    const script =
      'mount -t tmpfs -o size=64k tmpfs "$1/storage_candidate/sealed" 2> /dev/null; shift; "$@"';
    const wrap = namespace(script, project);
    // The new candidate cannot be moved onto another disk: the very last step fails.
    const ran = await sealift(['migrate', '--project', project], { process: true, wrap });
    expect(ran.code).toBe(1);
    expect(lastLine(ran)).toMatch(/^sealift migrate: .+nothing was published.+: .+$/);
    expect(tree()).toBe(before);
    // The journal knew of the second before it was there, and knows nothing of any that would be live.
    expect(eventsOf(project)).toEqual(['sealed', 'sealed']);
  });

  it('that is read-only gives one line, for each command', async () => {
    const copy = join(project, 'read-only');
    mkdirSync(copy);
    cpSync(join(project, 'mapping'), join(copy, 'mapping'), { recursive: true });
    const script = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && "$@"';
    const wrap = namespace(script, copy);
    const before = [...treeOf(copy)].join('\n');
    const migrated = await sealift(['migrate', '--project', copy, ...source()], {
      process: true,
      wrap,
    });
    expect(migrated.code).toBe(1);
    expect(lastLine(migrated)).toBe(
      `sealift migrate: the folder cannot be written (${join(copy, 'storage_candidate')}): give ` +
        'this user write access, or choose another project folder with --project',
    );
    const made = await sealift(['init', '--project', join(copy, 'new'), ...source()], {
      process: true,
      wrap,
    });
    expect(made.code).toBe(1);
    expect(lastLine(made)).toMatch(/^sealift init: the folder cannot be written \(.+\): give /);
    expect([...treeOf(copy)].join('\n')).toBe(before);
  });

  it('that is read-only does not keep a candidate from being verified', async () => {
    const script = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && "$@"';
    const wrap = namespace(script, project);
    const { code, stdout, stderr } = await sealift(['verify-checksums', '--project', project], {
      process: true,
      wrap,
    });
    expect(code, stderr).toBe(74);
    expect(stdout).toMatch(/verify-checksums: PASS\n$/);
    expect(stderr).toMatch(/^sealift: no report was written: .+\n$/m);
  });

  it('with a source whose folder cannot be written is read all the same', async () => {
    const legacy = join(project, 'legacy');
    mkdirSync(legacy);
    writeFileSync(join(legacy, 'legacy.db'), readFileSync(join(project, 'legacy.db')));
    const script = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && "$@"';
    const wrap = namespace(script, legacy);
    const url = `sqlite:${join(legacy, 'legacy.db')}`;
    const ran = await sealift(['migrate', '--project', project, '--source', url], {
      process: true,
      wrap,
    });
    expect(ran.code, ran.stderr).toBe(0);
  });
});
