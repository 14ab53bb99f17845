#!/usr/bin/env node
// What `npm start`, `npx headcount` and `npm link` run. An old Node cannot read TypeScript, and would not say what it needs.
import { keepCompiled } from './compile-cache.js';
import { nodeProblem } from './node-version.js';

const problem = nodeProblem(process.version);
if (problem === null) {
  keepCompiled();
  await import('./main.ts');
} else {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 1;
}
