export { HetznerConfig, HetznerServer } from './config.ts';
export { provider as default } from './provider.ts';
