import { buildAll } from './src/all.ts';

/** `npm run dev-build [-- --force]`: the bundles of the CLI and the services. Nothing happens when no input has changed. */
const results = await buildAll({ force: process.argv.includes('--force') });
for (const { name, built, milliseconds, bytes } of results) {
  const size = bytes === undefined ? '' : `, ${Math.round(bytes / 1024)} kB`;
  console.log(built ? `${name} built in ${milliseconds} ms${size}` : `${name} is up to date`);
}

export { buildAll };
