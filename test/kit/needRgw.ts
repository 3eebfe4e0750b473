/** Before `npm run test:s3`: says what is missing for a real S3 server, and ends with 1 then. */

import { missingPackages } from './rgw.ts';

const missing = missingPackages();
if (missing.length > 0) {
  const install = `RUNLEVEL=1 apt-get install ${missing.join(' ')}`;
  process.stderr.write(`The Ceph object gateway is not here; on Debian: ${install}\n`);
  process.exitCode = 1;
}
