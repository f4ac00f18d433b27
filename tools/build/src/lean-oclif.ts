import type { Plugin } from 'esbuild';

/**
 * oclif's core with the parts that the CLI replaces left out of the bundle: loading a plugin tree, rendering help,
 * spinners and themes, debug logging. What stays is the command class, flags, arguments and the parser. Left whole, the
 * bundle would be 80 times as large and every start 30 ms slower.
 */
export function leanOclif(): Plugin {
  const packages =
    /^(typescript|ejs|cli-spinners|wsl-utils|source-map-support|tinyglobby|minimatch|lilconfig|debug|ansi-escapes|get-package-type|wordwrap|supports-color|string-width|wrap-ansi|widest-line|clean-stack|indent-string|ansis|node:readline)$/;
  const modules =
    /^\.\.?\/(config|ux|logger|help|help\/util|errors\/handle|handle|module-loader|performance)(\/.*)?$/;
  return {
    name: 'lean-oclif',
    setup(build) {
      const isOclif = (importer: string): boolean => importer.includes('/@oclif/core/');
      build.onResolve({ filter: packages }, ({ path, importer }) =>
        isOclif(importer) ? { path, namespace: 'left-out' } : undefined,
      );
      build.onResolve({ filter: modules }, ({ path, importer }) =>
        isOclif(importer) ? { path, namespace: 'left-out' } : undefined,
      );
      build.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: leftOut, loader: 'js' }));
    },
  };
}

/** Any name of a module that was left out is a function that answers nothing; texts that would be painted stay plain. */
const leftOut = `
const nothing = () => undefined;
const colorize = (_, text) => text;
module.exports = new Proxy(() => nothing, {
  get: (_, name) => (name === '__esModule' ? false : name === 'colorize' ? colorize : () => nothing),
});
`;
