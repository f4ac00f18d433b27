export { provider as default } from './provider.ts';
export { LocalConfig, LocalServer } from './schema.ts';
