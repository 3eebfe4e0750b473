/** The two runbooks of the documentation, complete. */

/** One cutover in a window, with a way back. */
export const WIEN: string = `runbook: wien-pilot
inputs: { tag: v3.6.5-rc1, db: { secret: PRODUCTION_DB_URL } }
window: { tz: Europe/Vienna, start: "Sun 04:00", for: 4h }
roles: { operator: [ada], approver: [bo, cy] }
references: { break-glass: docs/INCIDENT_BREAK_GLASS.md }
steps:
  - { id: tag, use: git.tag, tag: "\${tag}" }
  - { id: window, use: gate.window }
  - { id: backup, use: pg.backup, rehearse: true, takes: 20m }
  - { id: freeze, use: app.writes, set: off, expect: { writes_enabled: false }, undo: { set: on }, url: /admin/writes }
  - { id: migrate, use: sql.migrate, files: "025*.sql", takes: 15m, undo: { use: pg.restore_swap, from: backup } }
  - { id: verify, use: sql.rows, query: "SELECT * FROM verify_final_hardening()", every: "status=='PASS'", minRows: 1 }
  - { id: acl, use: pg.acl, grantee: PUBLIC, expect: empty }
  - { id: auth, use: http.cases, file: auth.yaml }
  - { id: approve, use: gate.approval, role: approver, notOperator: true, requires: [verify, acl, auth] }
  - { id: open, use: app.writes, set: on, pointOfNoReturn: true, url: /admin/writes }
monitor:
  - { id: http5xx, use: log.watch, pattern: " 5[0-9][0-9] ", expect: "<= 0.01", every: 1m, for: 1h, onFail: rollback, file: access.log }
triggers:
  - { when: "verify.failed > 0", severity: S0, action: rollback }
  - { when: "http5xx > 0.01", for: 5m, severity: S1, action: rollback }
`;

/** The same, for its states: as if no person waited for the hour. */
export const WITHOUT_WINDOW: string = WIEN.replace(/.*gate\.window.*\n/, '');

/** A rollout by percent. */
export const GRADUAL: string = `runbook: gradual-v2
roles: { operator: [ada], support: [dee] }
inputs: { db: "sqlite:app.db", app: "http://127.0.0.1:8080" }
rollout:
  set: { key: V2_ROLLOUT_PERCENT, file: flags.json }
  observe: { log: route.log, test: sample-ratio, minSamples: 400, sees: 13 }
  traffic: 20000
  stages:
    - { percent: 10, soak: 24h, checkAt: [1h, 6h, 24h] }
    - { percent: 50, soak: 48h, every: 12h, baseline: 10 }
    - { percent: 100, soak: 7d, every: 1d, zero: v1_calls }
    - { deprecate: v1, url: /process-full, soak: 7d, every: 1d, zero: v1_calls, then: remove, expect: 404 }
metrics:
  - id: success
    sql: q1.sql
    measure: share
    pass: ">=95"
    rollback: "<95"
    margin: 1
    minSamples: 100
    baseline: { pass: "<=2.5", rollback: ">1" } # times as many failures
    usual: 97
    sees: 93
  - { id: stuck, sql: q2.sql, pass: "==0", rollback: ">10", grace: 2h, sees: 15 } # 1..10 = hold
  - { id: p99, sql: q3.sql, measure: quantile, quantile: 0.99, baseline: { pass: "<=1.8", rollback: ">1" }, sees: 2 }
  - { id: errors, sql: q4.sql, measure: kinds, pass: "<=0.1", rollback: ">0.1", margin: 0.5, usual: 0, sees: 1 }
  - { id: v1_calls, log: service.log, pattern: DEPRECATED, pass: "==0" }
  - { id: complaints, attest: support, pass: "==0" }
onRollback: { percent: 0, verify: "v1==100%", drain: 30m, drained: stuck, restartAt: 10 }
`;
