/** `npm run lockfile`: adds what `npm ci` would miss on another platform. See scripts/lockfile/complete.ts. */
import { readFileSync, writeFileSync } from 'node:fs';
import { completeLockfile, type Lockfile, missingEntries } from './lockfile/complete.ts';

const FILE = 'package-lock.json';
const lockfile = JSON.parse(readFileSync(FILE, 'utf8')) as Lockfile;
const missing = missingEntries(lockfile);
for (const { path, entry } of missing) console.log(`+ ${path} ${entry.version}`);
if (missing.length > 0) writeFileSync(FILE, `${JSON.stringify(completeLockfile(lockfile), null, 2)}\n`);
console.log(`${missing.length} entries were missing`);
