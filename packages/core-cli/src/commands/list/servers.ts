import ServerList from '../server/list.ts';

export default class ListServers extends ServerList {
  static override summary = 'Servers and their state';
  static override examples = ['provisioning list servers', 'provisioning list servers --out json'];
}
