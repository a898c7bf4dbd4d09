// The host page's script → build/host.js, for the tests of the UI in a browser.
import { build } from 'esbuild';
await build({ entryPoints: ['test/ui/host.ts'], outfile: 'build/host.js', bundle: true, format: 'iife', target: 'es2022', logLevel: 'warning', tsconfig: 'tsconfig.test.json' });
