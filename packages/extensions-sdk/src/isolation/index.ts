export type { Message } from './marshal.ts';
export { Peer } from './peer.ts';
