/** `npm run build`: dist/ from nothing, so that a file that was deleted or renamed is not published. */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { BUNDLED_PAGE, bundlePage } from '../fixtures/page/build.ts';
import { BUNDLED, bundlePageScript } from '../fixtures/recorder/page-script.ts';

rmSync('dist', { recursive: true, force: true });
const { status } = spawnSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
writeFileSync(`dist/fixtures/recorder/${BUNDLED}`, await bundlePageScript());
writeFileSync(`dist/fixtures/page/${BUNDLED_PAGE}`, await bundlePage());
process.exitCode = status ?? 1;
