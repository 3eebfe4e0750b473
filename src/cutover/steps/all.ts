/** The types of steps, by the name that `use` gives: one line a type. */

export { envRequire as 'env.require' } from './envRequire.ts';
export { gitClean as 'git.clean' } from './gitClean.ts';
export { gitTag as 'git.tag' } from './gitTag.ts';
export { gitCommit as 'git.commit' } from './gitCommit.ts';
export { stateRecord as 'state.record' } from './stateRecord.ts';
export { ciGreen as 'ci.green' } from './ciGreen.ts';
export { appDeploy as 'app.deploy' } from './appDeploy.ts';
export { appWrites as 'app.writes' } from './appWrites.ts';
export { configSet as 'config.set' } from './configSet.ts';
export { cacheVerify as 'cache.verify' } from './cacheVerify.ts';
export { pgBackup as 'pg.backup' } from './pgBackup.ts';
export { pgRestoreSwap as 'pg.restore_swap' } from './pgRestoreSwap.ts';
export { sqliteBackup as 'sqlite.backup' } from './sqliteBackup.ts';
export { sqlMigrate as 'sql.migrate' } from './sqlMigrate.ts';
export { sqlRows as 'sql.rows' } from './sqlRows.ts';
export { sqlCount as 'sql.count' } from './sqlCount.ts';
export { pgAcl as 'pg.acl' } from './pgAcl.ts';
export { httpCheck as 'http.check' } from './httpCheck.ts';
export { httpCases as 'http.cases' } from './httpCases.ts';
export { httpDeprecation as 'http.deprecation' } from './httpDeprecation.ts';
export { fileCheck as 'file.check' } from './fileCheck.ts';
export { fileFresh as 'file.fresh' } from './fileFresh.ts';
export { linkCheck as 'link.check' } from './linkCheck.ts';
export { logWatch as 'log.watch' } from './logWatch.ts';
export { exec } from './exec.ts';
export { notify } from './notify.ts';
export { attest } from './attest.ts';
export { gateApproval as 'gate.approval' } from './gateApproval.ts';
export { gateWindow as 'gate.window' } from './gateWindow.ts';
export { rolloutSoak as 'rollout.soak' } from './rolloutSoak.ts';
export { rolloutSplit as 'rollout.split' } from './rolloutSplit.ts';
export {
  dryRun as 'sealift.dry-run',
  scanAll as 'sealift.scan-all',
  scan as 'sealift.scan',
  determinism as 'sealift.determinism',
  drill as 'sealift.drill',
  review as 'sealift.review',
  reconcile as 'sealift.reconcile',
  smoke as 'sealift.smoke',
  snapshot as 'sealift.snapshot',
  migrate as 'sealift.migrate',
  load as 'sealift.load',
  promote as 'sealift.promote',
  rollback as 'sealift.rollback',
  attachments as 'sealift.attachments',
  keys as 'sealift.keys',
  secrets as 'sealift.secrets',
} from './sealift.ts';
