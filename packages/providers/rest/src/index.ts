import { restProvider } from './provider.ts';

export { Declaration } from './schema.ts';
export { restProvider as fromDeclaration } from './provider.ts';

/** The provider `rest`: its declaration stands in `providers.rest` of the configuration. */
export default restProvider(
  {},
  { name: 'rest', version: '0.1.0', description: 'A cloud declared in the configuration' },
);
