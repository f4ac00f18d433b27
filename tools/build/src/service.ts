import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BundleSpec } from './bundle.ts';
import { directImports } from './direct-imports.ts';

/** Modules that NestJS looks for and the services do not use; they must stay unresolved. */
const optional = [
  '@nestjs/microservices',
  '@nestjs/websockets',
  '@nestjs/websockets/socket-module',
  '@nestjs/microservices/microservices-module',
  '@nestjs/platform-express',
  '@nestjs/platform-socket.io',
  '@fastify/multipart',
  '@fastify/static',
  '@fastify/view',
  'class-transformer',
  'class-validator',
  'cache-manager',
  'pino-pretty',
  'surrealdb',
  '@surrealdb/node',
  'pg-native',
  'cpu-features',
  '*.node',
];

/** The bundle of a service: `packages/<name>/src/main.ts` to `dist/main.js`. */
export function serviceBundle(root: string, name: string): BundleSpec {
  const folder = join(root, 'packages', name);
  return {
    name,
    outdir: join(folder, 'dist'),
    copies: { [join(root, 'compatibility.toml')]: 'compatibility.toml' },
    watched: () => [
      join(root, 'compatibility.toml'),
      join(folder, 'package.json'),
      ...tree(join(root, 'tools/build/src')),
    ],
    options: () =>
      Promise.resolve({
        entryPoints: { main: join(folder, 'src/main.ts') },
        plugins: [directImports(root, [])],
        minifySyntax: true,
        keepNames: true,
        tsconfigRaw: { compilerOptions: { experimentalDecorators: true, verbatimModuleSyntax: true } },
        external: optional.filter(
          (module) => module.includes('*') || !existsSync(join(root, 'node_modules', module)),
        ),
      }),
  };
}

function tree(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
