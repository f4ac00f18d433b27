import { transformSync } from 'esbuild';

/** Jest transform: TypeScript to ESM with source maps, by esbuild; legacy decorators for the NestJS services. */
export default {
  process(source, filename) {
    const { code, map } = transformSync(source, {
      loader: 'ts',
      format: 'esm',
      target: 'node22',
      sourcefile: filename,
      sourcemap: 'both',
      tsconfigRaw: { compilerOptions: { experimentalDecorators: true, verbatimModuleSyntax: true } },
    });
    return { code, map };
  },
};
