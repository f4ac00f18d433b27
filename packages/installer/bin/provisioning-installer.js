#!/usr/bin/env node
/** Entry of the binary: the bundle, through Node's compile cache. In a source checkout the bundle is built first. */
import { existsSync } from 'node:fs';
import * as module from 'node:module';

const bundle = new URL('../dist/main.js', import.meta.url);
const builder = new URL('../../../tools/build/build.ts', import.meta.url);
if (!existsSync(bundle) && existsSync(builder)) await import(builder.href);
module.enableCompileCache?.();
await import(bundle.href);
